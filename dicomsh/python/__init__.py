"""The Python interface of `import dicomsh`: the same questions, plan and truth as in the shell."""
