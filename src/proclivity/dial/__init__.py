"""When does behavioural fine-tuning generalize? The spread from choice to language, as the link between them is turned
up from none to full: worlds of every coupling are pretrained, taught by ordinary studies, and drawn as one figure."""
