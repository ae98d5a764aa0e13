"""Stable Diffusion XL: the only home of torch, diffusers and transformers. Importing this package imports none of them."""
