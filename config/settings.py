"""Every setting of Tassel, from the environment only (docs/operating.md lists the variables)."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

import django_stubs_ext
import font_source_sans_pro
import font_source_serif_pro
from csp.constants import NONCE, NONE, SELF

from config import environment

django_stubs_ext.monkeypatch()  # Django's generic classes can then be written with their types

BASE_DIR = Path(__file__).resolve().parent.parent
TASSEL_ENV = environment.name()
DEBUG = False
SECRET_KEY = environment.secret("TASSEL_SECRET_KEY")

# -- Where we are
BASE_URL = environment.web_address("TASSEL_BASE_URL")
_base = urlsplit(BASE_URL)
ALLOWED_HOSTS = [_base.hostname or "", *([] if TASSEL_ENV == "production" else ["localhost", "127.0.0.1"])]
CSRF_TRUSTED_ORIGINS = [f"{_base.scheme}://{_base.netloc}"]
ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"

# -- What runs
INSTALLED_APPS = [
    "config.apps.ConfigConfig",
    "reports",
    "shop",
    "donations",
    "partners",
    "payments",
    "ledger",
    "people",
    "config.apps.StaffConsoleConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.postgres",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "django_htmx",
    "csp",
    "rest_framework",
    "drf_spectacular",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "config.body_limit.BodyLimit",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "config.request_log.RequestLog",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "config" / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "builtins": ["people.templatetags.money"],
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "csp.context_processors.nonce",
                "config.context.site",
            ],
        },
    }
]

# -- Data
DATABASES = {
    "default": environment.database() | {"CONN_MAX_AGE": 60, "CONN_HEALTH_CHECKS": True, "ATOMIC_REQUESTS": False}
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
CACHES = {
    # Shared between processes, because rate limits that count per process do not limit.
    # Django keeps 300 entries unless told otherwise: a stranger could then push the counts of others out.
    "default": {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "cache",
        "OPTIONS": {"MAX_ENTRIES": 1_000_000},
    }
}
if _cache_url := environment.server_address("CACHE_URL", environment.CACHE_SCHEMES):
    CACHES["default"] = {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": _cache_url}
DOCUMENT_ROOT = environment.text("TASSEL_DOCUMENT_ROOT", str(BASE_DIR / ".tassel" / "documents"))
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": {"location": DOCUMENT_ROOT}},
    "staticfiles": {
        "BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"
        if TASSEL_ENV == "production"
        else "django.contrib.staticfiles.storage.StaticFilesStorage"
    },
}

# -- Money
_stripe = environment.stripe()
STRIPE_SECRET_KEY: str = _stripe["key"]
STRIPE_WEBHOOK_SECRETS: list[str] = _stripe["webhook_secrets"]
STRIPE_API_BASE: str = _stripe["api_base"]
STRIPE_LIVE: bool = _stripe["live"]
STRIPE_ENDPOINT_MUST_PASS = TASSEL_ENV == "production"  # before /health/ready answers 200; elsewhere Stripe is ours
CLOCK_FILE = environment.clock_file()
BANK_KEYS: list[str] = environment.bank_keys()  # the first encrypts, each may decrypt; without any, no ACH
FINGERPRINT_KEYS: list[str] = environment.fingerprint_keys()

# -- Signing in
AUTH_USER_MODEL = "people.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/my/"
ACCOUNT_ADAPTER = "people.adapter.AccountAdapter"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*"]
ACCOUNT_LOGIN_BY_CODE_ENABLED = True
ACCOUNT_LOGIN_BY_CODE_TIMEOUT = 900  # seconds; rules/giving.md 3.9
ACCOUNT_EMAIL_VERIFICATION = "none"  # whoever types the code has shown that the address is theirs
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_REAUTHENTICATION_TIMEOUT = 600  # seconds in which a second factor shown counts as fresh for a step with money
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
MFA_TOTP_ISSUER = "Tassel"

# -- Safety on the wire
_secure = _base.scheme == "https"
SECURE_SSL_REDIRECT = _secure
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if _secure else None
SECURE_HSTS_SECONDS = 31_536_000 if _secure else 0
# Other hosts of the organisation's domain are not ours to decide about (W005, W021).
SILENCED_SYSTEM_CHECKS = ["security.W005", "security.W021"]
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = _secure
ALLAUTH_TRUSTED_PROXY_COUNT = environment.proxies()
SESSION_COOKIE_HTTPONLY = True
SIGNED_COOKIE_LEGACY_SALT_FALLBACK = False
X_FRAME_OPTIONS = "DENY"
_stripe_pages = [
    "https://checkout.stripe.com",
    "https://connect.stripe.com",
    *([STRIPE_API_BASE] if STRIPE_API_BASE else []),
]
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [NONCE, SELF],
        "style-src": [NONCE, SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "manifest-src": [SELF],
        # A form's redirect to Stripe's page is a form action too (DESIGN.md section 5).
        "form-action": [SELF, *_stripe_pages],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    }
}
DATA_UPLOAD_MAX_MEMORY_SIZE = 2_621_440

# -- Words, time, files
LANGUAGE_CODE = "en-us"
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"  # the organisation's own zone is a row: people.queries.organisation().zone
STATIC_URL = "/static/"
STATIC_ROOT = BASE_DIR / "static-collected"
STATICFILES_DIRS = [
    BASE_DIR / "config" / "static",
    ("fonts", Path(font_source_sans_pro.__file__).parent / "files"),
    ("fonts", Path(font_source_serif_pro.__file__).parent / "files"),
]
WHITENOISE_USE_FINDERS = TASSEL_ENV != "production"

# -- Mail
for _key, _value in environment.mail().items():
    if _key.startswith("EMAIL_"):
        globals()[_key] = _value
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = SERVER_EMAIL = environment.text("TASSEL_MAIL_FROM", f"hello@{_base.hostname}")

# -- Work that waits
# Empty: config/celery.py uses DATABASE_URL.
CELERY_BROKER_URL = environment.server_address("CELERY_BROKER_URL", environment.BROKER_SCHEMES)

# -- API
REST_FRAMEWORK = {
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "DEFAULT_AUTHENTICATION_CLASSES": [],  # everything it says is public, or known by an unguessable token
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.AllowAny"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "DEFAULT_PAGINATION_CLASS": "rest_framework.pagination.PageNumberPagination",
    "PAGE_SIZE": 50,
    "EXCEPTION_HANDLER": "config.api.answer_error",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Tassel",
    "DESCRIPTION": "What is sold, what an order gave, and what each partner was promised and paid.",
    "VERSION": "1",
    "SERVE_INCLUDE_SCHEMA": False,
    "POSTPROCESSING_HOOKS": ["drf_spectacular.hooks.postprocess_schema_enums", "config.api.name_errors"],
    "ENUM_GENERATE_CHOICE_DESCRIPTION": False,
}

# -- Logs: one JSON line an event; ids and fixed words only (DESIGN.md section 1.14)
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"json": {"()": "config.logging.JsonFormatter"}},
    "filters": {"routes": {"()": "config.logging.RoutesNotPaths"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "json", "filters": ["routes"]}},
    "loggers": {
        "pgmq": {"level": "WARNING"},
        "django.request": {"level": "ERROR"},
        "weasyprint": {"level": "ERROR"},
        "mt940": {"level": "CRITICAL"},  # what it cannot read it would copy into the log, names and all
        "fontTools": {"level": "WARNING"},
    },
    "root": {"handlers": ["console"], "level": environment.choice("TASSEL_LOG_LEVEL", "INFO", environment.LOG_LEVELS)},
}
