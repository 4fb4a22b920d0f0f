# Which files and settings report.smk shows; of protected cohorts only their shared side.
def report_steps():
    """Flow and checks of every cohort whose patients may be counted openly; counts alone, no patients."""
    return [
        f"results/{study}/{cohort}/steps/{name}.csv"
        for study, cohort in registry.pairs
        if cohort not in registry.protected and cohort not in registry.suppressed
        for name in ("flow", "validation")
    ]


def report_settings():
    """How each protected cohort is protected."""
    return {
        cohort: {
            "threshold": each.threshold,
            "round_to": each.round_to,
            "why": each.why,
            "confidential": each.confidential,
        }
        for cohort, each in registry.protected.items()
    }


def reference_files():
    """Outside references of the statistics and the tests that read them; a copy of the project may lack both."""
    kept = [*Path("tests/reference").glob("*.*"), *Path("tests/unit").glob("*/test_*.py")]
    return sorted(str(path) for path in kept if path.suffix in (".R", ".json", ".md", ".py"))
