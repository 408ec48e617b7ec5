"""What dicomsh answers, compared with what the standard says it should.

`studies` makes up an archive, `matching` is PS3.4 C.2.2.2 written from its text, `queries` are
asked, `peers` runs servers that hold the studies, `asking` puts the queries through dicomsh and
findscu, `verdicts` judges the answers, `page` writes docs/truth.md.

    python -m tests.oracle      asks all servers and writes the tables of docs/truth.md
"""
