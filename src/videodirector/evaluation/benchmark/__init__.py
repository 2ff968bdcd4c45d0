"""The benchmark: renders unseen plans and measures the result.

The only package that combines a backend, the storyworld and the metrics of ``evaluation``: ``world`` builds the
instruments for the storyworld, ``trial_plans`` the plans, ``trials`` renders them, ``measurements`` computes the
metrics, and ``videos`` measures existing video files.
"""
