"""Recurrent layers and a linear readout as a function of one flat weight vector."""
