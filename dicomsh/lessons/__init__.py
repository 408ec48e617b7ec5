"""The course: lessons as files, checks on what the learner did, progress that is kept.

    happened  what a statement did
    → check   whether that is what a step asks for
    → course  lessons and their steps
    → read    a folder of YAML files → a course
    → progress · tutor

The lessons themselves are the YAML files of this package; docs/teaching.md explains their form.
"""
