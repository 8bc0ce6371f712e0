// Driven by test_javascript.py: MAYFLY_URL is the daemon.
import assert from 'node:assert/strict';
import {randomBytes} from 'node:crypto';
import {test} from 'node:test';
import {
  CompleteMultipartUploadCommand, CopyObjectCommand, CreateBucketCommand, CreateMultipartUploadCommand, DeleteBucketCommand, DeleteObjectsCommand,
  GetObjectCommand, HeadObjectCommand, ListObjectsV2Command, NoSuchKey, PutObjectCommand, S3Client, UploadPartCommand,
} from '@aws-sdk/client-s3';

// With an address the SDK takes path style by itself.
const client = new S3Client({endpoint: process.env.MAYFLY_URL, maxAttempts: 1});
const Bucket = `js-${process.pid}`;

test('objects come back with their checksums', async () => {
  await client.send(new CreateBucketCommand({Bucket}));
  const put = await client.send(new PutObjectCommand({Bucket, Key: 'a/ü b', Body: 'hello', ContentType: 'text/plain', Metadata: {who: 'me'}}));
  assert.equal(put.ETag, '"5d41402abc4b2a76b9719d911017c592"');
  assert.equal(put.ChecksumCRC32, 'NhCmhg==');
  const got = await client.send(new GetObjectCommand({Bucket, Key: 'a/ü b'}));  // the SDK compares the checksum by itself
  assert.equal(await got.Body.transformToString(), 'hello');
  assert.deepEqual([got.ContentType, got.Metadata], ['text/plain', {who: 'me'}]);
  await client.send(new CopyObjectCommand({Bucket, Key: 'copy', CopySource: encodeURI(`${Bucket}/a/ü b`)}));
  const listed = await client.send(new ListObjectsV2Command({Bucket, Delimiter: '/'}));
  assert.deepEqual([listed.Contents.map(({Key}) => Key), listed.CommonPrefixes.map(({Prefix}) => Prefix)], [['copy'], ['a/']]);
  await assert.rejects(client.send(new GetObjectCommand({Bucket, Key: 'none'})), (error) => error instanceof NoSuchKey);
});

test('an upload in parts, and its end', async () => {
  const parts = [randomBytes(5 * 1024 * 1024), randomBytes(10)];
  const {UploadId} = await client.send(new CreateMultipartUploadCommand({Bucket, Key: 'large', ChecksumAlgorithm: 'CRC32'}));
  const Parts = [];
  for (const [index, Body] of parts.entries()) {
    const {ETag, ChecksumCRC32} = await client.send(new UploadPartCommand({Bucket, Key: 'large', UploadId, PartNumber: index + 1, Body}));
    Parts.push({ETag, ChecksumCRC32, PartNumber: index + 1});
  }
  await client.send(new CompleteMultipartUploadCommand({Bucket, Key: 'large', UploadId, MultipartUpload: {Parts}}));
  assert.equal((await client.send(new HeadObjectCommand({Bucket, Key: 'large'}))).ContentLength, 5 * 1024 * 1024 + 10);
  const {Contents} = await client.send(new ListObjectsV2Command({Bucket}));
  const {Deleted} = await client.send(new DeleteObjectsCommand({Bucket, Delete: {Objects: Contents.map(({Key}) => ({Key}))}}));
  assert.equal(Deleted.length, 3);
  await client.send(new DeleteBucketCommand({Bucket}));
});
