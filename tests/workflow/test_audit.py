"""The path of docs/auditing.md: three clicks from a printed number to its evidence, and proofs that run as they stand."""

from __future__ import annotations

import hashlib
import re
import subprocess
import sys
from urllib.parse import unquote

from unit.report.made import Page
from unit.report.test_by_hand import Scripts

CLICK = re.compile(r'<a class="mark[^"]*" href="\.\./(results/\w+\.html)#([^"]+)"')


def test_every_number_of_table_4_is_three_clicks_from_its_evidence(finished):
    site = finished / "results/report"
    # 1: the study, from the first page.
    assert 'href="studies/nat_residual.html"' in (site / "index.html").read_text(encoding="utf-8")
    study = (site / "studies/nat_residual.html").read_text(encoding="utf-8")
    blocks = re.findall(r"<caption>Table 4.*?(?=<caption>|<h2)", study, re.DOTALL)
    # 2: the number.
    clicks = [click for block in blocks for click in CLICK.findall(block)]
    assert len(clicks) > 60
    patients = hashlib.sha256((finished / "results/nat_residual/synthetic/cohort.parquet").read_bytes()).hexdigest()
    for file in {file for file, _ in clicks}:
        page = Page(site / file)
        assert {unquote(to) for name, to in clicks if name == file} <= set(page.ids)
        # 3: the audit trail, on the same page.
        assert "trail" in page.ids and ("a", {"href": "#trail"}) in page.elements
        text = "".join(page.text)
        folded = "".join(re.findall(r"<details.*?</details>", (site / file).read_text(encoding="utf-8"), re.DOTALL))
        for word in ("use rule ", "workflow/rules/nat_residual.smk", "def ", "workflow/replicalc/results/", patients):
            assert word in text, (file, word)
            assert word not in folded or text.count(word) > folded.count(word), (file, word)


def test_every_proof_of_the_run_is_confirmed_by_the_script_beside_it(finished):
    scripts = Scripts((finished / "results/report/certificates.html").read_text(encoding="utf-8")).found
    assert len(scripts) == 4
    said = []
    for script in scripts:
        (finished / "proof.py").write_text(script, encoding="utf-8")
        done = subprocess.run([sys.executable, "proof.py"], cwd=finished, capture_output=True, text=True, timeout=120)
        (finished / "proof.py").unlink()
        assert done.returncode == 0, done.stderr
        said.append(done.stdout)
    assert re.search(r"64 boxes; 1\.03\d+ \(above 1", said[0])
