"""What is for sale: collections, products (designs), their variants and pictures."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.core.validators import MinValueValidator, RegexValidator
from django.db import models
from django.db.models import F, Q

from partners.vague_words import refuse_vague_words

hex_colour = RegexValidator(r"\A#[0-9A-Fa-f]{6}\Z", "Write a colour as six hexadecimal digits, such as #A8432D.")
sku_shape = RegexValidator(
    r"\A[A-Z0-9][A-Z0-9-]{0,39}\Z", "Use capital letters, digits and hyphens, such as VALOR-DARK."
)


def option_words(name: str, option: str) -> str:
    """What tells a variant from its siblings, or nothing where the name of the design says it: "ReHope earrings"."""
    return "" if option.casefold() in name.casefold() else option


class Collection(models.Model):
    """A group of products; an agreement may promise a share of all of them."""

    slug = models.SlugField(unique=True)
    name = models.CharField(max_length=120)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class Product(models.Model):
    """A design as the shop shows it: words, colours of its drawing, and when it is on the shelf."""

    slug = models.SlugField(unique=True)
    name = models.CharField(max_length=120, help_text="Such as Valor tassel earrings.")
    noun = models.CharField(
        max_length=120, help_text="One of them in a sentence, such as Valor tassel earring: 'the price of each ...'."
    )
    description = models.CharField(max_length=300, blank=True, help_text="One sentence for the list and for search.")
    story = models.TextField(blank=True)
    care = models.TextField(blank=True)
    colours = ArrayField(
        models.CharField(max_length=7, validators=[hex_colour]),
        size=4,
        default=list,
        blank=True,
        help_text="Up to four colours of the drawing: threads first, the last one is the metal.",
    )
    drawing_alt = models.CharField(
        max_length=200, blank=True, help_text="What the drawing shows, for those who hear it."
    )
    collections = models.ManyToManyField(Collection, blank=True, related_name="products")
    position = models.PositiveSmallIntegerField(default=0)
    published_from = models.DateTimeField(null=True, blank=True, help_text="Empty: not on the shelf yet.")
    published_until = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["position", "slug"]
        constraints = [
            models.CheckConstraint(
                condition=Q(published_until__isnull=True) | Q(published_until__gt=F("published_from")),
                name="product_window_runs_forward",
            )
        ]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        """What buyers read says how much is given, or nothing of it."""
        refuse_vague_words(self, "name", "description", "story", "care")


class Variant(models.Model):
    """One thing with a SKU, a price in the organisation's currency, and a count on the shelf."""

    product = models.ForeignKey(Product, on_delete=models.PROTECT, related_name="variants")
    sku = models.CharField(max_length=40, unique=True, validators=[sku_shape])
    option = models.CharField(max_length=60, help_text="What sets it apart, such as Dark.")
    price_minor = models.BigIntegerField(validators=[MinValueValidator(1)])
    cost_minor = models.PositiveBigIntegerField(
        null=True, blank=True, help_text="What making one costs; promises net of cost take it off."
    )
    on_hand = models.PositiveIntegerField(default=0, editable=False)
    reserved = models.PositiveIntegerField(default=0, editable=False)
    weight_g = models.PositiveIntegerField(default=0)
    max_per_order = models.PositiveSmallIntegerField(default=20, validators=[MinValueValidator(1)])
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ["position", "sku"]
        constraints = [
            models.CheckConstraint(condition=Q(price_minor__gt=0), name="variant_price_above_zero"),
            models.CheckConstraint(condition=Q(max_per_order__gt=0), name="variant_limit_above_zero"),
            models.CheckConstraint(
                condition=Q(reserved__gte=0) & Q(reserved__lte=F("on_hand")), name="variant_reserved_within_stock"
            ),
        ]

    def __str__(self) -> str:
        return self.sku


class ProductImage(models.Model):
    """A photograph; while a product has none its drawing is shown."""

    product = models.ForeignKey(Product, on_delete=models.CASCADE, related_name="images")
    image = models.ImageField(upload_to="shop/products")
    alt = models.CharField(max_length=200, help_text="What a buyer wants to know about the picture.")
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ["position", "pk"]
        constraints = [models.CheckConstraint(condition=~Q(alt=""), name="product_image_has_words")]

    def __str__(self) -> str:
        return self.alt
