"""The slow, obvious NumPy versions that decide what is right."""

import numpy as np


def states(inputs, W, W_in, bias, leak_rate, start, activation=np.tanh):
    """x[t] = (1 - a) x[t-1] + a f(W x[t-1] + W_in u[t] + b), one row after the other."""
    x, rows = np.array(start, dtype=float), []
    for u in inputs:
        x = (1 - leak_rate) * x + leak_rate * activation(W @ x + W_in @ u + bias)
        rows.append(x)
    return np.array(rows)


def ridge(features, targets, alpha):
    """Centre, then the ridge solution from the singular values of the features."""
    x_mean, y_mean = features.mean(axis=0), targets.mean(axis=0)
    U, s, Vt = np.linalg.svd(features - x_mean, full_matrices=False)
    kept = s > 1e-15 * s[0]
    gain = s[kept] / (s[kept] ** 2 + alpha)
    C = (Vt[kept].T * gain) @ (U[:, kept].T @ (targets - y_mean))
    return C.T, y_mean - C.T @ x_mean


def closed_loop(first, exog, start, reservoir, C, c):
    """Feed every prediction back as the next observation."""
    W = reservoir.recurrent_weights_.toarray()
    observation, x, rows = np.array(first, dtype=float), np.array(start, dtype=float), []
    for known in exog:
        u = np.concatenate([observation, known])
        x = states([u], W, reservoir.input_weights_, reservoir.bias_, reservoir.leak_rate, x)[0]
        observation = C @ np.concatenate([x, u]) + c
        rows.append(observation)
    return np.array(rows)


def gauss_newton(jacobian, hessians):
    """Sum over cases of J' H J, from dense Jacobians (n, k, p) and output Hessians (n, k, k)."""
    return np.einsum("nkp,nkl,nlq->pq", jacobian, hessians, jacobian)


def nesterov(gradient, start, momenta, learning_rate):
    """Sutskever et al. (2013), eqs. 3-4: v = mu v - e grad(theta + mu v), theta = theta + v."""
    theta, v = np.array(start, dtype=float), np.zeros(len(start))
    for mu in momenta:
        v = mu * v - learning_rate * gradient(theta + mu * v)
        theta = theta + v
    return theta


def classical(gradient, start, momenta, learning_rate):
    """Sutskever et al. (2013), eqs. 1-2: v = mu v - e grad(theta), theta = theta + v."""
    theta, v = np.array(start, dtype=float), np.zeros(len(start))
    for mu in momenta:
        v = mu * v - learning_rate * gradient(theta)
        theta = theta + v
    return theta
