"""From molecular dynamics to material records: not part of this version."""
