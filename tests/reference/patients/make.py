"""Keep derived variables of the synthetic patients for R: ``python tests/reference/patients/make.py``, after a run.

No identifier, no date. Afterwards: ``Rscript tests/reference/studies.R > tests/reference/studies.json``.
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd

HERE = Path(__file__).parent
COLUMNS = {
    "doppler": "prognosis tumour_size_class lymph_node_metastasis path_calcification us_calcification stage "
    "adjuvant_radiotherapy adjuvant_chemotherapy",
    "nact_bone": "calcified pcr mri_necrosis age_years menopausal_status breast_density mass subtype histology "
    "bone_metastasis osteolytic bone_whole_body",
    "us_mri": "malignant us_visible mri_enhancement mri_correct us_assessment mri_assessment",
    "casting": "primary_study tumour_feature casting_group tumour_size_class lymph_node_metastasis grade follow_up_days "
    "vital_status relapse relapse_free_days",
}

if __name__ == "__main__":
    for study, names in COLUMNS.items():
        cohort = HERE.parents[2] / "results" / study / "synthetic" / "cohort.parquet"
        frame = pd.read_parquet(cohort)[names.split()]
        for name in frame.select_dtypes("float"):
            frame[name] = frame[name].astype("Int64")
        frame.to_csv(HERE / f"{study}.csv", index=False, lineterminator="\n")
