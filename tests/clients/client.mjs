// What the stories share: the environment's sign-in, a Graph client of it, the result on stdout.
import { ClientCertificateCredential, ClientSecretCredential } from '@azure/identity';
import { Client } from '@microsoft/microsoft-graph-client';
import azure from '@microsoft/microsoft-graph-client/authProviders/azureTokenCredentials/index.js';

const { EMULATOR_URL, TENANT_ID, CLIENT_ID, CLIENT_SECRET, CLIENT_CERTIFICATE } = process.env;
const options = { authorityHost: EMULATOR_URL, disableInstanceDiscovery: true };

export const url = EMULATOR_URL + '/v1.0';
export const scope = 'https://graph.microsoft.com/.default';

export const credential = CLIENT_CERTIFICATE
	? new ClientCertificateCredential(TENANT_ID, CLIENT_ID, CLIENT_CERTIFICATE, options)
	: new ClientSecretCredential(TENANT_ID, CLIENT_ID, CLIENT_SECRET, options);

// Without customHosts the client sends no token, and says nothing.
export const client = Client.initWithMiddleware({
	baseUrl: EMULATOR_URL,
	customHosts: new Set([new URL(EMULATOR_URL).hostname]),
	authProvider: new azure.TokenCredentialAuthenticationProvider(credential, { scopes: [scope] }),
});

export function user(name) {
	return {
		accountEnabled: true,
		displayName: name,
		mailNickname: name,
		userPrincipalName: name + '@fjordline.example',
		passwordProfile: { password: 'Aa1!aaaa' },
	};
}

export function result(value) {
	console.log(JSON.stringify(value));
}
