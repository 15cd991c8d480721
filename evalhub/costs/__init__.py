"""What usage costs: dated prices by model and meter, and sums that know when a price is missing."""

from evalhub.costs.asking import add_cost, cost_of_asking, is_priced
from evalhub.costs.prices import PriceTable, built_in, parse_prices, price_table
from evalhub.costs.sums import Cost, cost_of

__all__ = [
    "Cost",
    "PriceTable",
    "add_cost",
    "built_in",
    "cost_of",
    "cost_of_asking",
    "is_priced",
    "parse_prices",
    "price_table",
]
