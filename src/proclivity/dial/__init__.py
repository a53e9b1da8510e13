"""When does behavioural fine-tuning generalize? The spread from choice to language, as the link between them is turned
up from none to full: worlds of every coupling are pretrained, taught by ordinary studies, and drawn as one figure."""

from proclivity.dial.run import DialRun, Workplace, run_dial, time_words
from proclivity.dial.settings import Dial

__all__ = ["Dial", "DialRun", "Workplace", "run_dial", "time_words"]
