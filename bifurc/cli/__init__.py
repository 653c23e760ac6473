"""The command line. Nothing else in the package prints."""
