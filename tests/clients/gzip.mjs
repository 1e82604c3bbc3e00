// Compressed bodies, as Microsoft's Go SDK sends each of them.
import { gzipSync } from 'node:zlib';
import { client, result, user } from './client.mjs';

function post(path, body, coding = 'gzip') {
	const content = gzipSync(JSON.stringify(body));

	return client
		.api(path)
		.headers({ 'Content-Type': 'application/json', 'Content-Encoding': coding })
		.post(content);
}

const one = await post('/users', user('packed'));
const many = await post('/$batch', {
	requests: [{ id: 1, method: 'GET', url: '/users/' + one.id + '?$select=userType' }],
});
const refused = await post('/users', user('other'), 'br').catch((e) => e);

result({
	name: one.displayName,
	batch: many.responses.map(({ id, status, body }) => [id, status, body.userType]),
	refused: refused.statusCode,
});
