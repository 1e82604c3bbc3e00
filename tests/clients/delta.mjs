// The users up to the deltaLink; what the deltaLink shows after a change, and after none.
import { PageIterator } from '@microsoft/microsoft-graph-client';
import { client, result } from './client.mjs';

const headers = { Prefer: 'odata.maxpagesize=5' };

async function changes(request) {
	const value = [];
	const page = await request.headers(headers).get();
	const pages = new PageIterator(client, page, (user) => value.push(user) > 0, { headers });
	await pages.iterate();
	return { value, link: pages.getDeltaLink() };
}

const first = await changes(client.api('/users/delta').select('displayName,jobTitle'));
await client.api('/users/' + first.value[3].id).patch({ jobTitle: 'Cook' });
const second = await changes(client.api(first.link));
const third = await changes(client.api(second.link));

result({ first: first.value, second: second.value, third: third.value });
