"""Host geometry and initial deposits as signed distances."""
