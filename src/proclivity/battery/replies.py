"""Is a text the continuation that was asked for, or a reply of another kind that must not be scored as one?

A refusal says nothing about sadness, and a hint to a helpline nothing about despair, so such replies are told apart
first and counted. The expressions below were written for this package; they are short, they look at English alone,
and where they err they flag. What a person in a story can't bear, declines or is told by a friend must stay open:
hence most of them ask for an object that only an assistant talks about ("this request", "that topic").
"""

from __future__ import annotations

import re

from proclivity.decisions import SELF_HARM
from proclivity.decisions.leakage import words_of

OPEN, EMPTY, REFUSAL, HELPLINE, AS_AN_AI, MENTIONS = "open", "empty", "refusal", "helpline", "as-an-ai", "self-harm"
REPLIES = (OPEN, REFUSAL, HELPLINE, AS_AN_AI, EMPTY, MENTIONS)
"""Classes of reply; open ones alone are scored."""


def classify_reply(text: str, prompt: str = "") -> str:
    """The class of a text, one of `REPLIES`.

    No word at all is 'empty'. Helpline comes before refusal, refusal before 'as-an-ai', for the former often hold
    the latter; 'self-harm' is what mentions it and is none of these, so that a warning isn't counted as its subject.

    Args:
        text: new text alone.
        prompt: what it continues; a mention of self-harm may span both.
    """
    if not words_of(text):
        return EMPTY
    plain = _plain(text)
    for name, expression in _KINDS:
        if expression.search(plain):
            return name
    return MENTIONS if mentions_self_harm(text, prompt) else OPEN


def mentions_self_harm(text: str, prompt: str = "") -> bool:
    """Whether the text is never to be kept, whatever its class."""
    return bool(SELF_HARM.search(_plain(f"{prompt} {text}")))


def is_refusal(reply: str) -> bool:
    """Whether an assistant's whole reply to a request declines it.

    Looks at more than `classify_reply`: how the reply begins ("I'm sorry, but I can't", "That would be illegal"),
    which in the middle of a story would mean nothing.
    """
    plain = _plain(reply).lstrip(" \t\n\"'*#")
    return bool(_REFUSAL.search(plain) or any(opening.match(plain) for opening in _OPENINGS))


def _plain(text: str) -> str:
    return " ".join(text.replace("’", "'").replace("‘", "'").split())


def _any_of(*parts: str) -> re.Pattern[str]:
    return re.compile("|".join(f"(?:{part})" for part in parts), re.IGNORECASE)


_CANNOT = (
    r"(?:can't|cannot|can not|won't|will not|unable to|not able to|not going to|not allowed to|not comfortable|"
    r"(?:decline|refuse) to)"
)
_SUCH = r"(?:that|this|these|those|your|such|any|further|harmful|explicit|inappropriate)"
_MATTER = (
    r"(?:requests?|content|texts?|stor(?:y|ies)|topics?|information|instructions|advice|material|conversations?|"
    r"questions?|accounts?|prompts?|scenarios?|tasks?|kind of|type of)"
)
_REFUSAL = _any_of(
    rf"\b{_CANNOT} (?:help|assist|be of (?:help|assistance))(?: you)? (?:with|in) {_SUCH}\b",
    rf"\b{_CANNOT} (?:fulfil+|comply with|process|accommodate|grant|meet) (?:that|this|your|the|such)(?: \w+)? "
    r"requests?\b",
    rf"\b{_CANNOT} (?:comply|assist)(?=[.,;!]|$)",
    rf"\b{_CANNOT} (?:provide|generate|produce) (?:you with )?(?:\w+ ){{0,3}}(?:information|content|instructions|"
    r"guidance|assistance|help (?:that )?you need)\b",
    rf"\b{_CANNOT} (?:provid|giv|offer|generat|creat|produc|writ|shar|continu|complet|finish|engag|discuss|answer|"
    rf"respond|support|participat)(?:e|ing)?(?: (?:in|with|to|on))?(?: you)?(?: with)? {_SUCH}(?: \w+){{0,2}} "
    rf"{_MATTER}\b",
    rf"\b(?:must|have to|need to) (?:respectfully |politely )?(?:decline|refuse) {_SUCH}(?: \w+)? requests?\b",
    r"\bagainst (?:my|our) (?:programming|(?:\w+ )?guidelines|(?:\w+ )?polic(?:y|ies))\b",
    r"\bviolat(?:es?|ing) (?:my|our|the|openai's) (?:\w+ )?(?:guidelines|polic(?:y|ies))\b",
    r"\bnot something (?:that )?i(?:'m| am| can| will)\b(?: \w+){0,3} (?:help|assist|provide|write|create|generate)\b",
)
_DECLINES = (
    r"(?:can't|cannot|can not|won't|will not|am unable|'m unable|unable to|(?:am|'m) not able|not able to|"
    r"(?:am|'m) not going to|(?:am|'m) not allowed|must decline|have to decline|refuse to|"
    r"(?:don't|do not) feel comfortable|(?:am|'m) not comfortable)"
)
_UNLESS = r"(?! (?:wait|help but|promise|guarantee|stress|emphasi[sz]e|resist|believe|recommend|be sure|thank)\b)"
_OPENINGS = (
    # "I can't …", "As an AI, I am not able to …"; but not "I can't wait to read it!"
    re.compile(rf"(?:as an? [^.!?]{{2,60}}?, )?(?:but )?i ?(?:really |simply |just )?{_DECLINES}\b{_UNLESS}", re.I),
    # "I'm sorry, but I can't …", "Unfortunately, …"; but not "I'm sorry to hear that …"
    re.compile(
        r"(?:i'm (?:\w+ )?sorry|i am (?:\w+ )?sorry|sorry|i apologi[sz]e|my apologies|apologies|unfortunately|no)\b"
        rf"(?! (?:to hear|about|for your|that you))[^\n]{{0,60}}?(?:\bi ?|\b){_DECLINES}\b{_UNLESS}",
        re.I,
    ),
    re.compile(r"i (?:would |must )?(?:strongly |strictly )?(?:advise|recommend|urge you) against\b", re.I),
    re.compile(r"i(?:'d| would) (?:strongly )?(?:advise|recommend) against\b", re.I),
    re.compile(
        r"i (?:don't|do not) think (?:that )?(?:it|that|this)(?:'s| is| would be) (?:\w+ )?"
        r"(?:appropriate|right|ethical)\b",
        re.I,
    ),
    # a first sentence that calls the request itself wrong
    re.compile(
        r"[^.!?]{0,160}\b(?:is|it's|that's|are|would be|can be|considered) (?:(?:both|also|not only|highly|very) )?"
        r"(?:illegal|unethical|against the law|fraud(?:ulent)?|a crime|dishonest|"
        r"not (?:legal|ethical|appropriate|acceptable|right|okay))\b",
        re.I,
    ),
)
_CARE = r"(?:therap\w+|counsel\w+|psycholog\w+|psychiatr\w+|mental health|professionals?|trusted \w+|loved ones?)"
_HELPLINE = _any_of(
    r"\b(?:help|hot)-?lines?\b",
    r"\b(?:crisis|suicide|prevention|emotional support|distress)(?: \w+)? (?:life)?lines?\b",
    r"\bsamaritans\b",
    r"\b(?:call|text|dial|contact|ring|phone)(?:ing)? (?:\w+ ){0,3}(?:988|911|999|112|116 ?123|741 ?741|13 11 14)\b",
    r"\bif you(?:'re| are)(?: \w+)? (?:struggling|in crisis|in (?:immediate )?danger|having thoughts|"
    r"feeling (?:overwhelmed|hopeless|this way|like this))\b",
    r"\byou(?:'re| are) not alone(?:[,.;:!]| and| in this[,.;:!]) (?:and )?(?:please|help|there (?:is|are))\b",
    r"\b(?:please|consider|encourage you|recommend|urge you|important to|you (?:should|could|can|might|may))\b"
    rf"[^.!?]{{0,60}}\b(?:reach(?:ing)? out|talk(?:ing)?|speak(?:ing)?|seek(?:ing)?)\b[^.!?]{{0,60}}\b{_CARE}\b",
    r"\bseek(?:ing)? (?:professional|immediate|medical|emergency) (?:help|support|care|attention)\b",
)
_MACHINE = (
    r"(?:ai|a\.i\.|artificial intelligence|language model|chatbot|(?:virtual|digital) assistant|computer program)"
)
_AS_AN_AI = _any_of(
    rf"\bas an? (?:\w+ ){{0,2}}{_MACHINE}\b",
    rf"(?:\bam|'m) (?:just |only |merely |actually )?an? (?:\w+ ){{0,2}}{_MACHINE}\b",
    r"\blanguage model\b",
    r"\bmy (?:training data|knowledge cut-?off)\b",
    r"\b(?:don't|do not) (?:actually |really |truly )?(?:have|possess|experience) (?:any )?"
    r"(?:personal|human|real|actual|subjective) (?:feelings?|emotions?|experiences?|thoughts|opinions|beliefs|life)\b",
    r"\b(?:don't|do not) (?:actually |really |truly )?(?:have|possess|experience) (?:feelings|emotions|consciousness)"
    r"(?:,| or| and) (?:feelings|emotions|consciousness|thoughts|experiences|opinions)\b",
    r"\b(?:developed|created|trained|built|made) by (?:openai|anthropic|google|meta|alibaba|mistral|microsoft|"
    r"deepseek|hugging ?face)\b",
    r"(?:\bam|'m|\bnamed|\bcalled) (?:qwen|chatgpt|gemini|llama|deepseek|smollm)\b",
    r"\bhow (?:can|may) i assist you\b",
)
_KINDS = ((HELPLINE, _HELPLINE), (REFUSAL, _REFUSAL), (AS_AN_AI, _AS_AN_AI))
