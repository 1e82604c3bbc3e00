// Signs in, and is let in with the token.
import { client, credential, result, scope } from './client.mjs';

const token = await credential.getToken(scope);
const users = await client.api('/users').get();

result({ lifetime: (token.expiresOnTimestamp - Date.now()) / 1000, users: users.value.length });
