"""From molecular dynamics to material records: readers, diffusivities, nuclei, and values with their uncertainty."""
