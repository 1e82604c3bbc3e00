// MSAL itself: an application with a certificate whose tenant is named by a domain.
import { readFileSync } from 'node:fs';
import { X509Certificate } from 'node:crypto';
import { ConfidentialClientApplication } from '@azure/msal-node';
import { result, scope } from './client.mjs';

const { EMULATOR_URL, CLIENT_ID, CLIENT_CERTIFICATE, DOMAIN } = process.env;
const pem = readFileSync(CLIENT_CERTIFICATE, 'utf8');
const certificate = new X509Certificate(pem);
const plain = (digest) => digest.replaceAll(':', '');
const out = [];

// the digest in the header of the assertion: x5t#S256 with PS256, x5t with RS256
for (const thumbprint of [
	{ thumbprintSha256: plain(certificate.fingerprint256) },
	{ thumbprint: plain(certificate.fingerprint) },
]) {
	const app = new ConfidentialClientApplication({
		auth: {
			clientId: CLIENT_ID,
			authority: EMULATOR_URL + '/' + DOMAIN,
			knownAuthorities: [new URL(EMULATOR_URL).host],
			clientCertificate: { ...thumbprint, privateKey: pem },
		},
	});
	const token = await app.acquireTokenByClientCredential({ scopes: [scope] });
	const claims = JSON.parse(Buffer.from(token.accessToken.split('.')[1], 'base64url'));

	out.push({ tenant: claims.tid, app: claims.appid, name: claims.app_displayname });
}
result(out);
