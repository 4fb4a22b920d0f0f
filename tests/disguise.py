"""Exports that nobody has seen: a synthetic export under other headings, codes, units and forms, in another order.

What a patient is stays the same, so the results must too. ``meaning`` is what a person at the centre knows of her export:
which heading is which variable and what the codes mean. She answers the open points of a proposed cohort file from it.
"""

from __future__ import annotations

import csv
import random
import re
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

from replicalc.cohort.open_points import open_points

GERMAN = {
    "left": "links", "right": "rechts", "yes": "ja", "no": "nein", "screening": "Früherkennung", "diagnostic": "kurativ",
    "a": "ACR A", "b": "ACR B", "c": "ACR C", "d": "ACR D", "dots_in_lesion": "Punkte in Läsion",
    "isolated_dots": "isolierte Punkte", "other_change": "andere Veränderung", "invisible": "nicht sichtbar",
    "mass": "Herd", "non_mass": "nicht herdförmig", "focus": "Fokus", "none": "keine",
    "adequate": "gut", "poor": "eingeschränkt", "calcification_only": "nur Mikrokalk",
    "calcification_and_mass": "Mikrokalk + Herd", "amorphous": "amorph", "coarse_heterogeneous": "grob heterogen",
    "fine_pleomorphic": "fein pleomorph", "fine_linear": "fein linear", "diffuse": "diffus", "regional": "regional",
    "grouped": "gruppiert", "segmental": "segmentär", "linear": "linear", "amplified": "amplifiziert",
    "not_amplified": "nicht amplifiziert", "idc": "NST", "ilc": "ILC", "idc_dcis": "NST + DCIS",
    "breast_conserving": "BET", "mastectomy": "Ablatio",
}  # fmt: skip
FRENCH = {
    "left": "gauche", "right": "droite", "yes": "oui", "no": "non", "a": "A", "b": "B", "c": "C", "d": "D",
    "premenopausal": "préménopausée", "postmenopausal": "ménopausée", "idc": "carcinome canalaire infiltrant",
    "ilc": "carcinome lobulaire infiltrant", "idc_dcis": "CCI + CCIS", "other": "autre", "amplified": "amplifié",
    "not_amplified": "non amplifié", "osteolytic": "ostéolytique", "osteoblastic": "condensante", "mixed": "mixte",
    "axial": "axial", "appendicular": "membres", "whole_body": "corps entier",
}  # fmt: skip


@dataclass(frozen=True)
class Disguise:
    """How an export is changed: heading by heading, code by code. ``own``: codes of one column only."""

    file: str
    headings: dict[str, str]
    words: dict[str, str]
    own: dict[str, dict[str, str]] = field(default_factory=dict)
    dates: str = "%d.%m.%Y"
    comma: bool = False
    #: Columns in cm that the export has in mm.
    to_mm: tuple[str, ...] = ()
    #: What the person adds of her own: keys of the cohort file, as text.
    adds: str = ""
    uncomment: tuple[str, ...] = ()
    #: Open points that are no matter of a column or a code: key, answer.
    replies: dict[str, str] = field(default_factory=dict)


DISGUISES = {
    # An SPSS file: short names, German labels, numbers with labels for codes, 99 for missing, extents in mm.
    "nat_residual": Disguise(
        "brustzentrum.sav",
        {
            "Patient ID": "PATID|Pseudonym",
            "Date of birth": "GEBDAT|Geburtsdatum",
            "Start of NAT": "NATBEG|Beginn der NACT",
            "Surgery": "OPDAT|Datum der Operation",
            "MG before": "MGVOR|Datum der Mammographie vor NACT",
            "MG after": "MGNACH|Datum der Mammographie nach NACT",
            "MRI before": "MRTVOR|Datum MRT vor NACT",
            "MRI after": "MRTNACH|Datum MRT nach NACT",
            "Side": "SEITE|Seite",
            "Previous breast cancer": "VORMACA|Früheres Mammakarzinom",
            "M stage": "FERN|Fernmetastasen",
            "Image quality": "QUAL|Bildqualität",
            "Microcalcification": "MIKROK|Mikrokalk",
            "BI-RADS": "BIRADS|BI-RADS",
            "MG lesion": "MGLAES|Läsion in der Mammographie",
            "Calc shape before": "KFORMV|Morphologie Mikrokalk vor NACT",
            "Calc shape after": "KFORMN|Morphologie Mikrokalk nach NACT",
            "Calc distribution before": "KVERTV|Verteilung Mikrokalk vor NACT",
            "Calc distribution after": "KVERTN|Verteilung Mikrokalk nach NACT",
            "Calc CC before (cm)": "KCCV|Ausdehnung Mikrokalk CC vor NACT (mm)",
            "Calc MLO before (cm)": "KMLOV|Ausdehnung Mikrokalk MLO vor NACT (mm)",
            "Calc CC after (cm)": "KCCN|Ausdehnung Mikrokalk CC nach NACT (mm)",
            "Calc MLO after (cm)": "KMLON|Ausdehnung Mikrokalk MLO nach NACT (mm)",
            "MRI scanner": "MRTGER|MRT-Gerät",
            "MRI lesion": "MRTLAES|Läsion im MRT",
            "MRI lesions (n)": "MRTANZ|Anzahl Läsionen MRT",
            "MRI LD before (mm)": "MRTGRV|Größter Durchmesser MRT vor NACT [mm]",
            "MRI LD after (mm)": "MRTGRN|Größter Durchmesser MRT nach NACT [mm]",
            "ER (%)": "ERPROZ|Östrogenrezeptor (%)",
            "PR (%)": "PRPROZ|Progesteronrezeptor (%)",
            "HER2 IHC": "HER2IHC|HER2 Immunhistochemie",
            "HER2 FISH": "HER2FISH|HER2 FISH",
            "Chemotherapy": "CTX|Chemotherapie",
            "Anti-HER2": "ANTIHER2|Anti-HER2-Therapie",
            "Endocrine": "ENDO|Endokrine Therapie",
            "Histology": "HISTO|Histologie",
            "Grade": "GRAD|Grading",
            "Operation": "OPART|Art der Operation",
            "BCS possible": "BETMOEGL|BET möglich",
            "Miller-Payne": "MP|Miller-Payne",
            "Residual invasive": "RESTINV|Resttumor invasiv",
            "Residual DCIS": "RESTDCIS|Rest DCIS",
            "Invasive size (mm)": "INVGR|Größe des invasiven Resttumors (mm)",
        },
        GERMAN,
        own={"MRI scanner": {"scanner_1": "Gerät Nord", "scanner_2": "Gerät Süd"}},
        to_mm=tuple(f"Calc {view} {when} (cm)" for view in ("CC", "MLO") for when in ("before", "after")),
        adds='  malignant: {constant: "yes"}\n',
    ),
    # A CSV file of a French Excel: semicolons, decimal commas, latin-1, day/month/year.
    "nact_bone": Disguise(
        "export os.csv",
        {
            "Patient ID": "N° dossier patiente",
            "Date of birth": "Date de naissance",
            "Start of chemotherapy": "Date début chimiothérapie",
            "Date of diagnosis": "Date du diagnostic",
            "Side": "Côté",
            "Diagnosis": "Bénin/malin",
            "Mammography calcification": "Microcalcifications (mammographie)",
            "Mammography mass": "Masse (mammographie)",
            "Density": "Densité mammaire",
            "Menopause": "Ménopause",
            "Pathology": "Type histologique",
            "ER (%)": "RE (%)",
            "PR (%)": "RP (%)",
            "HER2 IHC": "HER2 (IHC)",
            "HER2 FISH": "HER2 (FISH)",
            "Miller-Payne": "Grade de Miller et Payne",
            "Residual invasive": "Résidu invasif",
            "Residual DCIS": "Résidu CCIS",
            "MRI necrosis": "Nécrose IRM",
            "Bone metastasis": "Métastases osseuses",
            "Bone type": "Type de métastase osseuse",
            "Bone extent": "Étendue osseuse",
        },
        FRENCH,
        own={
            "Diagnosis": {"yes": "cancer du sein", "no": "bénin"},
            "HER2 IHC": {"0": "0", "1+": "1+", "2+": "2+", "3+": "3+"},
            "MRI necrosis": {"yes": "1", "no": "0"},
        },
        dates="%d/%m/%Y",
        comma=True,
        replies={"variables.age_years.duration.until.variable": "diagnosis_date"},
    ),
    # A German CSV file, semicolons and latin-1, lesions as rows; one column is two variables.
    "us_mri": Disguise(
        "Läsionen.csv",
        {
            "Patient ID": "Pat.-Nr.",
            "Lesion": "Läsion",
            "Side": "Seite",
            "Date of birth": "Geb.datum",
            "Density": "Brustdichte",
            "MG date": "Datum MG",
            "US date": "Datum Sono",
            "MRI date": "Datum MRT",
            "Biopsy date": "Datum Stanzbiopsie",
            "MG indication": "Indikation der MG",
            "MG readers (n)": "Anzahl Befunder MG",
            "MRI dynamic series (n)": "Anzahl dynamische Serien MRT",
            "Radiologist": "Radiologe",
            "MG calcification": "Mikrokalk in der MG",
            "MG mass": "Herdbefund MG",
            "MG BI-RADS": "BI-RADS (MG)",
            "US finding": "Befund Sonographie",
            "US BI-RADS": "BI-RADS (Sono)",
            "MRI enhancement": "KM-Anreicherung MRT",
            "MRI BI-RADS": "BI-RADS (MRT)",
            "Histology": "Histologie",
        },
        GERMAN,
        own={
            "Radiologist": {"reader_1": "A", "reader_2": "B", "reader_3": "C"},
            "Histology": {
                "fibrocystic": "Mastopathie",
                "fibrocystic change": "Mastopathie",
                "Fibrocystic": "Mastopathie",
                "sclerosing adenosis": "Sklerosierende Adenose",
                "fibroadenoma": "Fibroadenom",
                "Fibroadenoma": "Fibroadenom",
                "FA": "Fibroadenom",
                "ADH": "ADH",
                "papilloma": "Papillom",
                "DCIS": "DCIS",
                "dcis": "DCIS",
                "ductal carcinoma in situ": "DCIS",
                "DCIS-MI": "DCIS mit Mikroinvasion",
                "dcis-mi": "DCIS mit Mikroinvasion",
                "DCIS with microinvasion": "DCIS mit Mikroinvasion",
                "IDC": "Invasiv duktal",
                "NST": "Invasiv duktal",
                "invasive ductal carcinoma": "Invasiv duktal",
                "ILC": "ILC",
            },
        },
        comma=True,
        uncomment=("malignancy_type",),
    ),
}


def name_of(heading: str) -> str:
    """The heading in the file (before ``|`` stands the short name of SPSS, behind it the label)."""
    return heading.partition("|")[0]


def disguised(study: str, export: Path, config: dict, folder: Path) -> tuple[Path, dict]:
    """Write the disguised export of a study into ``folder``; return it and its meaning (variable: entry)."""
    how = DISGUISES[study]
    rows = list(csv.DictReader(export.open(encoding="utf-8", newline="")))
    missing = {str(text) for text in config["missing"]}
    ids = {text: f"{i * 37 % 100_000:05d}" for i, text in enumerate(sorted({r["Patient ID"] for r in rows}), 1)}
    entry_of: dict[str, dict] = {}
    for name, entry in config["variables"].items():
        if "column" in entry:
            entry_of.setdefault(entry["column"], {"variable": name} | entry)
    columns = list(rows[0])
    shuffle = random.Random(4)
    shuffle.shuffle(rows)
    shuffle.shuffle(columns)
    table = {
        column: [_cell(row[column], column, entry_of.get(column, {}), how, missing, ids) for row in rows]
        for column in columns
    }
    path = folder / how.file
    folder.mkdir(parents=True, exist_ok=True)
    if path.suffix == ".sav":
        _write_sav(path, table, how, entry_of)
    else:
        lines = [
            [name_of(how.headings[c]) for c in columns],
            *([table[c][i] for c in columns] for i in range(len(rows))),
        ]
        with path.open("w", encoding="latin-1", newline="") as handle:
            csv.writer(handle, delimiter=";").writerows(lines)
    return path, _meaning(config, how)


def _cell(text: str, column: str, entry: dict, how: Disguise, missing: set[str], ids: dict[str, str]) -> str:
    if column == "Patient ID":
        return ids[text]
    if text in missing:
        return "" if text in ("", "n/a") else "unbekannt" if how.words is GERMAN else "inconnu"
    if "codes" in entry:
        if column == "Histology" and "DCIS-MI" in how.own.get(column, {}):
            return how.own[column][text]
        code = str(entry["codes"][text])
        return how.own.get(column, {}).get(code) or how.words.get(code, code)
    if re.fullmatch(r"\d\d\.\d\d\.\d{4}", text):
        day, month, year = text.split(".")
        return how.dates.replace("%d", day).replace("%m", month).replace("%Y", year)
    number = re.fullmatch(r"(-?\d+(?:\.\d+)?)(?: (cm))?", text)
    if number and column != "Lesion":
        value = Decimal(number[1]) * (10 if (number[2] or column in how.to_mm) else 1)
        told = format(value.normalize(), "f")
        return told.replace(".", ",") if how.comma else told
    return text


def _write_sav(path: Path, table: dict[str, list[str]], how: Disguise, entry_of: dict[str, dict]) -> None:
    """Dates as dates, numbers as numbers, codes as numbers with labels, as somebody who works with SPSS has them."""
    import datetime

    import pandas as pd
    import pyreadstat

    frame, labels, coded = {}, {}, {}
    for column, cells in table.items():
        name, _, labels[name] = (how.headings[column].partition("|")[0], *how.headings[column].partition("|")[1:])
        known = sorted({cell for cell in cells if cell not in ("", "unbekannt")})
        if "codes" in entry_of.get(column, {}) and not all(text.isdigit() for text in known):
            number = {text: float(i) for i, text in enumerate(known, 1)}
            if set(known) <= {"ja", "nein"}:
                number = {"nein": 0.0, "ja": 1.0}
            number["unbekannt"] = 99.0
            coded[name] = {value: text for text, value in number.items()}
            frame[name] = [number.get(cell) for cell in cells]
        elif all(re.fullmatch(r"\d\d\.\d\d\.\d{4}", cell) for cell in known):
            frame[name] = [datetime.datetime.strptime(c, "%d.%m.%Y").date() if c in known else None for c in cells]
        elif column != "Patient ID" and all(re.fullmatch(r"-?\d+(\.\d+)?", cell) for cell in known):
            frame[name] = [float(cell) if cell in known else None for cell in cells]
        else:
            frame[name] = cells
    pyreadstat.write_sav(pd.DataFrame(frame), str(path), column_labels=labels, variable_value_labels=coded)


def _meaning(config: dict, how: Disguise) -> dict:
    """Variable: its heading in the disguised file and what its own words mean."""
    found = {}
    for name, entry in config["variables"].items():
        if "column" not in entry:
            continue
        column = entry["column"]
        words: dict[str, str] = {}
        for text, code in entry.get("codes", {}).items():
            own = how.own.get(column, {})
            words[own.get(text) or own.get(str(code)) or how.words.get(str(code), str(code))] = str(code)
        none = {how.own.get(column, {}).get(str(text), str(text)) for text in entry.get("missing", [])}
        found[name] = {"column": name_of(how.headings[column]), "words": words, "missing": none}
    return found


def answer(path: Path, study: str, meaning: dict, labels: dict[str, dict[str, str]]) -> list[tuple[int, str, str]]:
    """Answer the open points of a proposed cohort file as the person would; return those there were.

    ``labels``: of an SPSS file, what its codes are called. A block of a variable that the export does not hold is deleted.
    """
    how = DISGUISES[study]
    points = open_points(path)
    lines = path.read_text(encoding="utf-8").split("\n")
    gone: dict[str, str] = {}
    for line, key, question in points:
        parts = key.split(".", 3)
        at = lines[line - 1]
        if key in how.replies:
            reply = how.replies[key]
        elif parts[0] == "variables" and parts[1] not in meaning:
            found = re.match(r"write '(.+?)' if", question)
            if found or parts[2] == "duration":
                gone[parts[1]] = found[1] if found else ""
            continue
        elif parts[0] == "variables" and parts[2] == "column":
            reply = meaning[parts[1]]["column"]
        elif parts[0] == "variables" and parts[2] == "codes":
            column = meaning[parts[1]]["column"]
            reply = meaning[parts[1]]["words"][labels.get(column, {}).get(parts[3], parts[3])]
        else:
            reply = {
                "identical_rows": "keep_first",
                "unit_of_analysis": "lesion",
                "clustering": "one row a lesion; several lesions of a woman have her id",
            }[key]
        lines[line - 1] = at[: at.index('"TODO')] + f'"{reply}"'
        assert question
    for name, column in gone.items():
        start = lines.index(f"  {name}:")
        stop = next(i for i in range(start + 1, len(lines)) if not lines[i].startswith("    "))
        del lines[start:stop]
        if column:
            lines.insert(lines.index("unused_columns:") + 1, f'  - "{column}"')
    for name in how.uncomment:
        start = at = lines.index(f"  # {name}:")
        none: list[str] = []
        while lines[at].startswith("  #   ") or lines[at] == f"  # {name}:":
            lines[at] = "  " + lines[at][4:]
            code = re.match(r' +"?(.+?)"?: "TODO', lines[at])
            if code and code[1] in meaning[name]["missing"]:
                none.append(code[1])
                del lines[at]
                continue
            if code:
                lines[at] = f'      "{code[1]}": {meaning[name]["words"][code[1]]}'
            at += 1
        lines.insert(start + 1, f"    missing: [{', '.join(none)}]")
    if how.adds:
        lines.insert(lines.index("variables:") + 1, how.adds.rstrip("\n"))
    lines.insert(1, f"studies: [{study}]")
    path.write_text("\n".join(lines), encoding="utf-8")
    return points
