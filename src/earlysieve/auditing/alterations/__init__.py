"""Alterations of whole images, as by another camera or another program, told without labels."""
