"""Public classes, and what they must answer to a name that they do not have."""

import inspect

import pytest
from sklearn.base import BaseEstimator


def public_classes(*modules, bases=(BaseEstimator,)):
    """Return the classes of some modules that are of these bases, without the abstract ones."""
    found = set()
    for module in modules:
        for name in getattr(module, "__all__", vars(module)):
            kind = getattr(module, name)
            if inspect.isclass(kind) and issubclass(kind, bases):
                found |= set() if inspect.isabstract(kind) else {kind}
    return sorted(found - {*bases}, key=lambda kind: kind.__name__)


def check_names(kinds):
    """Check that every class names the parameter that was meant."""
    for kind in kinds:
        for name in list(inspect.signature(kind).parameters):
            if len(name) < 3:
                continue
            with pytest.raises(TypeError) as caught:
                kind(**{name[:-1] + "_" + name[-1]: 1})

            message = str(caught.value)
            assert message.startswith(f"{kind.__name__}() has no parameter"), message
            assert f"did you mean '{name}'?" in message, message
        with pytest.raises(TypeError, match=f"{kind.__name__}.* has no parameter 'xyz'; it has"):
            kind(xyz=1)


def check_words(kinds, words):
    """Check that words of other libraries are answered; return those that some class answers."""
    answered = set()
    for own, others in words.items():
        for kind in kinds:
            parameters = set(inspect.signature(kind).parameters)
            for word in set(others.split()) - parameters if own in parameters else ():
                with pytest.raises(TypeError, match=f"did you mean '{own}'"):
                    kind(**{word: 1})
            answered |= {own} & parameters
    return answered
