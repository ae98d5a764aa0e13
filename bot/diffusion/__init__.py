"""Stable Diffusion XL: the only home of torch, diffusers and transformers, none of which is imported by this line."""
