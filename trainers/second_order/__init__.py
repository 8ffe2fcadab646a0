"""Curvature products, conjugate gradients and the Hessian-free step."""
