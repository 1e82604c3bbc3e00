// A $batch of 20 where all wait for the first, and one where what waits for a failure fails.
import { BatchRequestContent, BatchResponseContent } from '@microsoft/microsoft-graph-client';
import { client, result, url, user } from './client.mjs';

function post(path, body) {
	return new Request(url + path, {
		method: 'POST',
		headers: { 'Content-Type': 'application/json' },
		body: JSON.stringify(body),
	});
}

async function batch(steps) {
	const content = await new BatchRequestContent(steps).getContent();
	const answers = new BatchResponseContent(await client.api('/$batch').post(content));
	const out = [];

	for (const { id } of steps) {
		const answer = answers.getResponseById(id);
		const body = await answer.json();

		out.push({ id, status: answer.status, name: body.displayName, code: body.error?.code });
	}
	return out;
}

const group = {
	displayName: 'crew',
	mailNickname: 'crew',
	mailEnabled: false,
	securityEnabled: true,
};
const same = [{ id: '1', request: post('/groups', group) }];
for (let i = 2; i <= 20; i++)
	same.push({ id: String(i), dependsOn: ['1'], request: post('/users', user('user' + i)) });

const serial = [
	{ id: 'good', request: post('/users', user('good')) },
	{ id: 'bad', dependsOn: ['good'], request: new Request(url + '/users/nobody') },
	{ id: 'late', dependsOn: ['bad'], request: post('/users', user('late')) },
];

result({ same: await batch(same), serial: await batch(serial) });
