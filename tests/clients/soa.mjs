// The source of authority of the synchronized user USER_ID goes to the cloud, and back.
import { client, result } from './client.mjs';

const path = '/users/' + process.env.USER_ID;
const behavior = client.api(path + '/onPremisesSyncBehavior');

async function look() {
	const { isCloudManaged } = await behavior.get();
	const { onPremisesSyncEnabled } = await client.api(path).select('onPremisesSyncEnabled').get();
	const cloud = await client
		.api('/users')
		.header('ConsistencyLevel', 'eventual')
		.filter('onPremisesSyncBehavior/isCloudManaged eq true')
		.count(true)
		.select('id')
		.get();

	return {
		isCloudManaged,
		onPremisesSyncEnabled,
		cloud: cloud.value.map((user) => user.id),
		count: cloud['@odata.count'],
	};
}

const before = await look();
await behavior.patch({ isCloudManaged: true });
const switched = await look();
await behavior.patch({ isCloudManaged: false });

result({ before, switched, back: await look() });
