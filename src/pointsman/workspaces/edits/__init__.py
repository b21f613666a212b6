"""From a model's reply to new file texts: liberal in form, strict in place, and all or nothing."""
