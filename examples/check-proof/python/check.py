import jwt

LEEWAY = 5
# PIN_TTL + PROOF_TTL, as the service is deployed, and the leeway: in seconds.
KEEP = 600 + 300 + LEEWAY


class Checker:
    """Checks proofs of one service for one audience: yours.

    used.first(jti, seconds) returns whether this is its first call with that jti, and
    keeps it for so long: one conditional write, so that of two calls at once one is the
    first.
    """

    def __init__(self, issuer, audience, used):
        self.issuer, self.audience, self.used = issuer, audience, used
        self.keys = jwt.PyJWKClient(issuer + "/.well-known/jwks.json")

    def check(self, proof, phone_number, nonce):
        """Raises jwt.PyJWTError unless the proof is good for this session: it is about
        the phone number that the session claims, and holds the nonce that this session
        was given."""
        claims = jwt.decode(
            proof,
            self.keys.get_signing_key_from_jwt(proof).key,
            algorithms=["RS256"],
            issuer=self.issuer,
            audience=self.audience,
            options={"require": ["iss", "aud", "exp", "jti", "phone_number", "nonce"]},
            leeway=LEEWAY,
        )
        if claims["phone_number"] != phone_number:
            raise jwt.InvalidTokenError("the proof is about another phone number")
        if claims["nonce"] != nonce:
            raise jwt.InvalidTokenError("the proof is of another session")
        if not self.used.first(claims["jti"], KEEP):
            raise jwt.InvalidTokenError("the proof was used before")
