"""Trials: plans that nobody has seen are drawn, and what comes out is measured.

The one place that brings a backend, the storyworld and the metrics of ``evaluation`` together: ``world`` holds what the
storyworld looks like to the instruments, ``plans`` what is drawn, ``run`` the drawing, ``figures`` what comes out, and
``videos`` measures files that somebody else has drawn.
"""
