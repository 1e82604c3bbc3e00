// MSAL's managed identity of a virtual machine: the machine's own, and one that is named.
import { ManagedIdentityApplication } from '@azure/msal-node';
import { result, url } from './client.mjs';

const { CLIENT_ID, EMULATOR_URL } = process.env;
const resource = 'https://graph.microsoft.com';
const out = [];

process.env.AZURE_POD_IDENTITY_AUTHORITY_HOST = EMULATOR_URL;
for (const managedIdentityIdParams of [undefined, { userAssignedClientId: CLIENT_ID }]) {
	const app = new ManagedIdentityApplication({ managedIdentityIdParams });
	const token = await app.acquireToken({ resource });
	const answer = await fetch(url + '/users', {
		headers: { Authorization: 'Bearer ' + token.accessToken },
	});

	out.push({ lifetime: (token.expiresOn - Date.now()) / 1000, status: answer.status });
}
result(out);
