"""Every table of the shop; each module below holds one subject."""

from shop.models.cart import Cart, CartLine
from shop.models.catalogue import Collection, Product, ProductImage, Variant
from shop.models.orders import Order, OrderEvent, OrderLine, OrderLineAgreement, OrderLink
from shop.models.past import PastSale, PastSaleLine, PastSalesImport
from shop.models.refunds import OrderRefund, OrderRefundLine
from shop.models.stock import StockHold, StockMovement

__all__ = [
    "Cart",
    "CartLine",
    "Collection",
    "Order",
    "OrderEvent",
    "OrderLine",
    "OrderLineAgreement",
    "OrderLink",
    "OrderRefund",
    "OrderRefundLine",
    "PastSale",
    "PastSaleLine",
    "PastSalesImport",
    "Product",
    "ProductImage",
    "StockHold",
    "StockMovement",
    "Variant",
]
