"""The menu, one file a branch, one function a screen, in the order in which a call meets them."""
