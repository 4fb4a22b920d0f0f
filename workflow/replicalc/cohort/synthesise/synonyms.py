"""How codes of the synthetic exports are written now and then: synonyms, abbreviations, capital letters.

Each is a code of the same meaning in ``synthetic.yaml`` of its study (a test compares them). Ids and dates stand in no
list: they are written in one way.
"""

from __future__ import annotations

YES_NO = {"1": ("y", "yes", "Y"), "0": ("n", "no", "N")}
SIDE = {"L": ("l", "left", "Left"), "R": ("r", "right", "Right")}
RECEPTOR_ISH = {"amp": ("amplified", "AMP"), "not amp": ("not amplified", "non-amplified")}
HER2_SCORE = {"0": ("neg (0)",), "1+": ("1 +", "+"), "2+": ("2 +", "++"), "3+": ("3 +", "+++")}
OPERATION = {"BCS": ("lumpectomy", "breast-conserving", "bcs"), "mastectomy": ("Mastectomy", "MRM")}

DOPPLER = {
    "Side": SIDE,
    "Histology": {"carcinoma": ("Carcinoma", "ca"), "benign": ("Benign",)},
    "Operation": OPERATION,
    "pN": {"N+": ("pos", "n+"), "N0": ("neg", "n0")},
    "Stage": {"I": ("i", "1"), "II": ("ii", "2"), "III": ("iii", "3")},
    "Calcification in specimen": YES_NO,
    "US calcification": YES_NO,
    "US calcification site": {"within mass": ("in mass", "Within mass"), "along ducts": ("ductal", "Along ducts")},
    "US margin": {"ill-defined": ("indistinct", "ill defined"), "well-defined": ("circumscribed", "well defined")},
    "US shape": {"irregular": ("Irregular", "irreg."), "regular": ("Regular", "reg.")},
    "US spiculation": YES_NO,
    "Radiotherapy after surgery": YES_NO,
    "Chemotherapy after surgery": YES_NO,
    "Prognosis": {"good": ("Good",), "poor": ("Poor", "bad")},
}
NACT_BONE = {
    "Side": SIDE,
    "Diagnosis": {"breast cancer": ("Breast cancer", "breast ca")},
    "Mammography calcification": YES_NO,
    "Mammography mass": YES_NO,
    "Density": {"A": ("a",), "B": ("b",), "C": ("c",), "D": ("d",)},
    "Menopause": {"pre": ("premenopausal", "PRE"), "post": ("postmenopausal", "POST")},
    "Pathology": {
        "IDC": ("invasive ductal carcinoma", "NST", "idc"),
        "ILC": ("invasive lobular carcinoma", "ilc"),
        "IDC+DCIS": ("IDC with DCIS", "idc + dcis"),
    },
    "HER2 IHC": HER2_SCORE,
    "HER2 FISH": RECEPTOR_ISH,
    "Residual invasive": YES_NO,
    "Residual DCIS": YES_NO,
    "Bone metastasis": YES_NO,
    "Bone type": {"lytic": ("osteolytic", "Lytic"), "blastic": ("osteoblastic", "sclerotic"), "mixed": ("Mixed",)},
    "Bone extent": {"axial": ("Axial",), "limbs": ("appendicular",), "whole body": ("Whole body", "diffuse")},
}
CASTING = {
    "Side": SIDE,
    "Mammographic feature": {
        "stellate": ("spiculated", "Stellate"),
        "circular": ("round/oval", "Circular"),
        "crushed stone": ("crushed-stone-like", "Crushed stone"),
        "casting": ("casting type", "Casting"),
    },
    "Axillary nodes": {"pos": ("positive", "N+"), "neg": ("negative", "N0", "NEG")},
    "NHG": {"1": ("I", "G1"), "2": ("II", "G2"), "3": ("III", "G3")},
    "Status": {"A": ("alive", "a"), "DBC": ("dead (breast cancer)", "dbc"), "DOC": ("dead (other cause)", "doc")},
    "Relapse": YES_NO,
}
US_MRI = {
    "Side": SIDE,
    "Density": {"A": ("a",), "B": ("b",), "C": ("c",), "D": ("d",)},
    "MG indication": {"screening": ("Screening", "scr"), "diagnostic": ("Diagnostic", "symptomatic")},
    "MG calcification": YES_NO,
    "MG mass": YES_NO,
    "MG BI-RADS": {"4A": ("4a",), "4B": ("4b",), "4C": ("4c",)},
    "US finding": {"not seen": ("Not seen", "invisible"), "dots in lesion": ("dots within lesion", "Dots in lesion")},
    "MRI enhancement": {"NME": ("non-mass", "nme"), "mass": ("Mass",)},
    "Histology": {
        "DCIS": ("ductal carcinoma in situ", "dcis"),
        "DCIS-MI": ("DCIS with microinvasion", "dcis-mi"),
        "IDC": ("invasive ductal carcinoma", "NST"),
        "fibroadenoma": ("Fibroadenoma", "FA"),
        "fibrocystic": ("fibrocystic change", "Fibrocystic"),
    },
}
NAT_RESIDUAL = {
    "Side": SIDE,
    "Image quality": {"adequate": ("Adequate", "ok")},
    "Microcalcification": YES_NO,
    "BI-RADS": {"4A": ("4a",), "4B": ("4b",), "4C": ("4c",)},
    "MG lesion": {"calc": ("calcification only", "Calc"), "calc+mass": ("calc + mass", "calcification with mass")},
    "Calc shape before": {
        "fine pleomorphic": ("pleomorphic", "Fine pleomorphic"),
        "coarse heterogeneous": ("coarse het.", "Coarse heterogeneous"),
        "amorphous": ("Amorphous", "indistinct"),
    },
    "Calc distribution before": {"grouped": ("clustered", "Grouped"), "segmental": ("Segmental",)},
    "MRI lesion": {"NME": ("non-mass", "nme"), "mass": ("Mass",)},
    "HER2 IHC": HER2_SCORE,
    "HER2 FISH": RECEPTOR_ISH,
    "Chemotherapy": YES_NO,
    "Anti-HER2": YES_NO,
    "Endocrine": YES_NO,
    "Histology": {
        "IDC": ("invasive ductal carcinoma", "NST", "idc"),
        "ILC": ("invasive lobular carcinoma", "ilc"),
        "IDC+DCIS": ("IDC with DCIS", "idc + dcis"),
    },
    "Operation": OPERATION,
    "BCS possible": YES_NO,
    "Residual invasive": YES_NO,
    "Residual DCIS": YES_NO,
}

#: Columns of millimetres, typed by hand, in which some cells are in cm.
DOPPLER_LENGTHS = ("Largest diameter (mm)",)
CASTING_LENGTHS = ("Size (mm)",)
NAT_RESIDUAL_LENGTHS = ("Invasive size (mm)",)
