"""The course: lessons as files, checks on what the learner did, saved progress.

    happened  what a statement did
    → check   whether that is what a step asks for
    → course  lessons and their steps
    → read    a folder of YAML files → a course
    → progress · register   the file with the progress · the progress in one lesson
    → telling · before      lines for the learner · the place before the course
    → tutor

The lessons themselves are the YAML files of this package; docs/teaching.md explains their form.
"""
