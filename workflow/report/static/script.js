// Filters, sorts, searches and exports the table of claims, and copies texts. Every page reads well without it.
"use strict";
(() => {
  const all = (what, where = document) => [...where.querySelectorAll(what)];
  all(".script").forEach((each) => { each.hidden = false; });

  // A spreadsheet runs a text that begins so, unless it is a number (replicalc.cohort.doors.inert).
  const runs = /^'*[=+\-@\t\r]./s;
  const number = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;
  const inert = (text) => (runs.test(text) && !number.test(text) ? "'" + text : text);
  const quoted = (text) => '"' + inert(text.trim().replace(/\s+/g, " ")).replace(/"/g, '""') + '"';

  async function copy(text, button) {
    const said = button.textContent;
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      const field = document.createElement("textarea");
      field.value = text;
      document.body.append(field);
      field.select();
      document.execCommand("copy");
      field.remove();
    }
    button.textContent = "Copied";
    setTimeout(() => { button.textContent = said; }, 1500);
  }
  all(".sentence, code.copy, pre.copy").forEach((each) => {
    const text = each.textContent;
    const button = document.createElement("button");
    button.type = "button";
    button.className = "copybutton";
    button.textContent = "Copy";
    button.addEventListener("click", () => copy(text, button));
    if (each.tagName === "CODE") each.after(button); else each.append(button);
  });

  function openTarget() {
    const name = decodeURIComponent(location.hash.slice(1));
    const target = name && document.getElementById(name);
    for (let at = target && target.parentElement; at; at = at.parentElement) if (at.tagName === "DETAILS") at.open = true;
    return target;
  }

  const table = document.getElementById("claims");
  if (!table || table.tagName !== "TABLE") {
    const go = () => { const target = openTarget(); if (target) target.scrollIntoView(); };
    window.addEventListener("hashchange", go);
    go();
    return;
  }

  const form = document.getElementById("filters");
  const told = document.getElementById("shown");
  const body = table.tBodies[0];
  const rows = [...body.rows];
  const texts = new Map(rows.map((row) => [row, (row.id + " " + row.textContent).toLowerCase()]));
  const KEYS = ["q", "study", "verdict", "kind", "cohort"];

  function show() {
    const want = Object.fromEntries(KEYS.map((key) => [key, form.elements[key].value]));
    const words = want.q.toLowerCase().split(/\s+/).filter(Boolean);
    let seen = 0;
    for (const row of rows) {
      const cells = [...row.cells].filter((cell) => cell.dataset.cohort && (!want.cohort || cell.dataset.cohort === want.cohort));
      const verdicts = cells.map((cell) => cell.dataset.verdict).filter(Boolean);
      const fits = (!want.study || row.dataset.study === want.study)
        && (!want.kind || row.dataset.kind === want.kind)
        && (!want.cohort || verdicts.length > 0)
        && (!want.verdict || row.dataset.verdict === want.verdict || verdicts.includes(want.verdict))
        && words.every((word) => texts.get(row).includes(word));
      row.hidden = !fits;
      seen += fits;
    }
    for (const cell of all("[data-cohort]", table)) cell.hidden = Boolean(want.cohort) && cell.dataset.cohort !== want.cohort;
    told.textContent = seen === rows.length ? `${seen} claims` : `${seen} of ${rows.length} claims`;
    return want;
  }
  function changed() {
    const want = show();
    const kept = new URLSearchParams(KEYS.filter((key) => want[key]).map((key) => [key, want[key]]));
    history.replaceState(null, "", "#" + kept);
  }
  form.addEventListener("input", changed);
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("reset", () => setTimeout(changed));

  // #claim=<id> leads to a claim, #study=…&verdict=… sets the filters.
  function follow() {
    const asked = new URLSearchParams(location.hash.slice(1));
    rows.forEach((row) => row.classList.remove("here"));
    for (const key of KEYS) form.elements[key].value = asked.get(key) || "";
    for (const key of KEYS) if (form.elements[key].selectedIndex === -1) form.elements[key].value = "";
    show();
    const row = asked.get("claim") && document.getElementById("claim=" + asked.get("claim"));
    if (row) {
      row.classList.add("here");
      row.scrollIntoView({ block: "center" });
      row.tabIndex = -1; // the browser itself gives the focus to where the address leads, if it can have it
      row.focus({ preventScroll: true });
    }
  }
  window.addEventListener("hashchange", follow);

  const compare = {
    text: (cell) => cell.textContent.trim().toLowerCase(),
    number: (cell) => { const found = /[-−]?\d+(\.\d+)?/.exec(cell.textContent); return found ? Number(found[0].replace("−", "-")) : Infinity; },
    rank: (cell) => Number(cell.dataset.rank || 99),
  };
  all("th[data-sort]", table.tHead).forEach((head) => {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener("click", () => {
      const down = head.getAttribute("aria-sort") === "ascending";
      all("th[data-sort]", table.tHead).forEach((each) => each.removeAttribute("aria-sort"));
      head.setAttribute("aria-sort", down ? "descending" : "ascending");
      const key = compare[head.dataset.sort];
      const keyed = rows.map((row, at) => [key(row.cells[head.cellIndex]), at, row]);
      keyed.sort((a, b) => (a[0] < b[0] ? -1 : a[0] > b[0] ? 1 : 0) * (down ? -1 : 1) || a[1] - b[1]);
      body.append(...keyed.map((each) => each[2]));
    });
  });

  document.getElementById("export").addEventListener("click", () => {
    const cohorts = all("th[data-cohort]", table.tHead).filter((head) => !head.hidden).map((head) => head.dataset.cohort);
    const part = (cell, what) => (cell && cell.querySelector(what) ? cell.querySelector(what).textContent : "");
    const lines = [["claim_id", "study", "location", "kind", "label", "reported", "paper_verdict", "paper_recomputed",
      ...cohorts.flatMap((name) => [`${name}_verdict`, `${name}_replicated`])]];
    for (const row of [...body.rows].filter((each) => !each.hidden)) {
      const cells = row.cells;
      lines.push([row.id.slice(6), row.dataset.study, part(cells[1], ".label"), row.dataset.kind, part(cells[0], ".label"),
        cells[3].textContent, row.dataset.verdict, part(cells[4], ".value"),
        ...cohorts.flatMap((name) => {
          const cell = row.querySelector(`td[data-cohort="${CSS.escape(name)}"]`);
          return [(cell && cell.dataset.verdict) || "", part(cell, ".value")];
        })]);
    }
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob(["\ufeff" + lines.map((line) => line.map(quoted).join(",")).join("\r\n") + "\r\n"], { type: "text/csv" }));
    link.download = "claims.csv";
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1000);
  });

  document.addEventListener("keydown", (event) => {
    const typing = /^(INPUT|SELECT|TEXTAREA)$/.test(document.activeElement.tagName);
    if (event.key === "/" && !typing) {
      event.preventDefault();
      form.elements.q.focus();
    } else if ((event.key === "ArrowDown" || event.key === "ArrowUp") && !event.ctrlKey && !event.altKey && !event.metaKey) {
      const seen = [...body.rows].filter((row) => !row.hidden);
      const links = seen.map((row) => row.querySelector("a"));
      const at = seen.indexOf(document.activeElement.closest("tr"));
      const inSearch = document.activeElement === form.elements.q && event.key === "ArrowDown";
      if (at < 0 && !inSearch) return;
      event.preventDefault();
      const next = at + (event.key === "ArrowDown" ? 1 : -1);
      if (next < 0) form.elements.q.focus();
      else if (links[next]) { links[next].focus(); links[next].scrollIntoView({ block: "nearest" }); }
    }
  });
  follow();
})();
