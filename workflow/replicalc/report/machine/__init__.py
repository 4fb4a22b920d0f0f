"""What a program reads beside the report: tables with a dictionary, a run crate, a CODECHECK file, an archive."""
