"""Drawings as inline SVG.

SVG made here and not a plotting bundle: the page stays small enough to mail, needs no script to be seen, takes its
colours from the style sheet (light, dark, print), and its text can be read aloud, searched and copied.
"""
