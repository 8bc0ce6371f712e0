"""Signature Version 4 of one fixed request, so that the load client can send the same signed bytes for some minutes."""

import hashlib
import hmac
import time

REGION = "us-east-1"
SERVICE = "lambda"

# Shaped as SDKs send it, and wrong: a daemon in open mode looks at the scope only.
UNCHECKED = (f"AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE00000000/20260101/{REGION}/{SERVICE}/aws4_request, "
             "SignedHeaders=host;x-amz-content-sha256;x-amz-date, Signature=" + "0" * 64)


def _mac(key, text):
    return hmac.new(key, text.encode(), hashlib.sha256).digest()


def sign(method, path, host, body, key_id, secret, service=SERVICE):
    """Headers that make the request valid from now on for five minutes. `path` holds no characters that need escaping."""
    moment = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
    day = moment[:8]
    digest = hashlib.sha256(body).hexdigest()
    signed = "host;x-amz-content-sha256;x-amz-date"
    canonical = f"{method}\n{path}\n\nhost:{host}\nx-amz-content-sha256:{digest}\nx-amz-date:{moment}\n\n{signed}\n{digest}"
    scope = f"{day}/{REGION}/{service}/aws4_request"
    text = f"AWS4-HMAC-SHA256\n{moment}\n{scope}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
    key = ("AWS4" + secret).encode()
    for part in (day, REGION, service, "aws4_request"):
        key = _mac(key, part)
    signature = _mac(key, text).hex()
    return {"x-amz-date": moment, "x-amz-content-sha256": digest,
            "Authorization": f"AWS4-HMAC-SHA256 Credential={key_id}/{scope}, SignedHeaders={signed}, Signature={signature}"}
