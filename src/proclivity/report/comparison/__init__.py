"""Two finished studies on one page: what was decided and found in both, in one alone, and how they were made."""
