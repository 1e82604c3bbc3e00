// A request that is refused once: the client waits and asks again, the caller sees nothing of it.
import { client, credential, result, scope } from './client.mjs';

await credential.getToken(scope);
const start = Date.now();
const users = await client.api('/users').get();

result({ users: users.value.length, seconds: (Date.now() - start) / 1000 });
