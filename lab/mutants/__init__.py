"""Small mistakes, each with the tests that must notice it: what the project reports is only as good as they are."""
