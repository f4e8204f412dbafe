"""The stages of a run, wired: data, models, image, device, report. ``pipeline.build`` is the command over them."""
