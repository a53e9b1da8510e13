"""Doors to other tools: the same questions, scores and results in the formats that they read.

- `harness_tasks`, `harness_scores`: a pack's questions as tasks of lm-evaluation-harness;
- `harness_model`, `harness`: this package's scorer as a model of lm-evaluation-harness;
- `inspect_log`, `inspect_task`: a finished study as logs of Inspect, and its decisions as an Inspect task;
- `adapter_cards`: adapters that leave their study, with what it found of them.

What each of them needs beside this package is an extra: `pip install 'proclivity[lm-eval]'`, `'proclivity[inspect]'`.
"""
