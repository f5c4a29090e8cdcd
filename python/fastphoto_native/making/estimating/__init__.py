"""The recipe of look estimators: networks that see two photos and predict the map of colours between them."""
