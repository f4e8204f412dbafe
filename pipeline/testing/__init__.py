"""What tests of a model on a board are written with: a pytest plugin, and checks of what a board did."""
