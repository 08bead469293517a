INSERT INTO prompts VALUES (
  '01970000-0000-7000-8000-000000000001', 'writer/chapter', 'writing', '["fiction","long"]',
  'Writes a chapter', 'ann', 3, 1.5, 2, 0.75, 2,
  '2026-01-02T03:04:05.000000+00:00', '2026-01-03T03:04:05.000000+00:00', NULL, 3, NULL
);
INSERT INTO prompts VALUES (
  '01970000-0000-7000-8000-000000000002', 'writer/chapter', 'writing', '["fiction"]', '', 'bob',
  0, 0, 0, -1, 1, '2026-01-01T00:00:00.000000+00:00', '2026-01-01T00:00:00.000000+00:00',
  '2026-01-01T12:00:00.000000+00:00', 1, NULL
);
INSERT INTO prompt_versions VALUES (
  '01970000-0000-7000-8000-000000000011', '01970000-0000-7000-8000-000000000001', 1,
  '[{"role":"user","content":"Write {{ topic }}"}]', '[{"name":"topic"}]',
  '{"model":"offline"}', 'ann', 'first', '[]', 'hash one', '2026-01-02T03:04:05.000000+00:00', '{}',
  'main', NULL
);
INSERT INTO prompt_versions VALUES (
  '01970000-0000-7000-8000-000000000012', '01970000-0000-7000-8000-000000000001', 2,
  '[{"role":"user","content":"Write about {{ topic }}"}]', '[{"name":"topic"}]', '{}', 'bob',
  'clearer', '["01970000-0000-7000-8000-000000000011"]', 'hash two',
  '2026-01-03T03:04:05.000000+00:00', '{"from":"a review"}', 'main', NULL
);
INSERT INTO prompt_versions VALUES (
  '01970000-0000-7000-8000-000000000013', '01970000-0000-7000-8000-000000000002', 1,
  '[{"role":"user","content":"Gone"}]', '[]', '{}', '', '', '[]', 'hash three',
  '2026-01-01T00:00:00.000000+00:00', '{}', 'main', NULL
);
INSERT INTO labels VALUES (
  '01970000-0000-7000-8000-000000000001', 'production', 1, 'ann', '2026-01-02T03:05:00.000000+00:00',
  0
);
INSERT INTO label_moves VALUES (
  '01970000-0000-7000-8000-000000000021', '01970000-0000-7000-8000-000000000001', 'production',
  NULL, 1, 'ann', '2026-01-02T03:05:00.000000+00:00', 'it won'
);
INSERT INTO runs (
  id, kind, version_id, model, parameters, input, output, input_tokens, output_tokens, cost_usd,
  latency_ms, error, parent_id, who, trace_id, phase, created_at, prompt, cached_tokens, estimated,
  requests, retries, cached, valid, attempts
) VALUES (
  '01970000-0000-7000-8000-000000000031', 'generate', '01970000-0000-7000-8000-000000000011',
  'openai:gpt-5-mini', '{"temperature":0.2}', '{"topic":"dragons"}', 'Once upon a time', 12, 4,
  NULL, 812.5, '', NULL, 'ann', 'trace', 'draft', '2026-01-02T03:06:00.000000+00:00', 'writer/chapter',
  3, 1, 2, 1, 0, 1, '[{"model":"openai:gpt-5-mini","error":"RateLimited","status":429}]'
);
INSERT INTO run_hours VALUES (
  490923, 'generate', 'writer/chapter', 'openai:gpt-5-mini', 1, 1, 0, 2, 1, 0, 1, 1, 12, 4, 3, 0.0, 1,
  1, 812.5, 'cQQBAAAA'
);
INSERT INTO technique_statistics VALUES ('few_shot', 'creative_writing', '2026-01-02', 4, 3, 2.5, 3);
INSERT INTO datasets VALUES (
  1, '01970000-0000-7000-8000-000000000051', 'writer/topics', 'Topics of chapters',
  '2026-01-02T03:04:05.000000+00:00', '2026-01-03T03:04:05.000000+00:00'
);
INSERT INTO dataset_versions VALUES (
  '01970000-0000-7000-8000-000000000052', 1, 1, 1, '{"test":1}',
  '00000000000000000000000000000000000000000000000000000000000000ff', 'first', 'ann', 'topics.csv',
  '2026-01-02T03:04:05.000000+00:00'
);
INSERT INTO dataset_contents VALUES (
  1, 'digest one', 28, '{"inputs":{"topic":"winter"}}', '2026-01-02T03:04:05.000000+00:00'
);
INSERT INTO dataset_examples VALUES (1, 1, 1, 'winter', 'test', 1, 1, NULL);
INSERT INTO jobs (
  id, kind, subject, state, input, result, error, progress, priority, attempts, failures, who, worker,
  key, created_at, not_before
) VALUES (
  '01970000-0000-7000-8000-000000000051', 'batch', 'ideas.csv', 'queued', '{"file":"ideas.csv"}',
  'null', '', '{"done":3,"total":9}', 1, 1, 0, 'ann', '', 'ideas', '2026-01-02T03:07:00.000000+00:00',
  '2026-01-02T03:07:00.000000+00:00'
);
INSERT INTO schedules (
  name, kind, cron, zone, input, paused, next_at, last_job, who, created_at
) VALUES (
  'nightly', 'backup', '0 3 * * *', 'UTC', '{}', 0, '2026-01-03T03:00:00.000000+00:00', '', 'ann',
  '2026-01-02T03:07:00.000000+00:00'
);
INSERT INTO evaluations VALUES (
  '01970000-0000-7000-8000-000000000031', '["writer/chapter@1"]', '["fake:a"]', 'topics@1', NULL,
  '[]', 1, 1, '[{"name":"contains"}]', '', '{}', 4, NULL, 0, '', 'ann', '',
  '2026-01-02T03:04:05.000000+00:00', NULL
);
INSERT INTO results VALUES (
  '01970000-0000-7000-8000-000000000031', 0, 'writer/chapter@1', 'fake:a', 'e1', 0, '', 'Once',
  '', '[]', NULL, NULL, 12.5, 3, 4, NULL, 0, '[]', 1, 0.002
);
INSERT INTO experiments VALUES (
  '01970000-0000-7000-8000-000000000041', 'shorter', 'online', 'writer/chapter', 'production',
  '{"variants":[{"name":"A","prompt":"writer/chapter@1"},{"name":"B","prompt":"writer/chapter@2"}],"control":"A","metric":{"name":"liked"}}',
  'running', 's', '{"A":0.5,"B":0.5}', 0, 1.0, '[0.0,1.0]', 0, NULL, '[]', '', '', '', NULL, NULL, 'ann', 2,
  '2026-01-02T03:04:05.000000+00:00', '2026-01-02T03:04:06.000000+00:00', NULL
);
INSERT INTO experiment_moves VALUES (
  '01970000-0000-7000-8000-000000000042', '01970000-0000-7000-8000-000000000041', 'started', 'ann',
  '', '{}', '2026-01-02T03:04:06.000000+00:00'
);
INSERT INTO exposures VALUES (
  '01970000-0000-7000-8000-000000000041', 'user-1', 'A', 0.5, '{}',
  '2026-01-02T03:04:07.000000+00:00', '2026-01-02T03:03:07.000000+00:00'
);
INSERT INTO outcomes VALUES (
  '01970000-0000-7000-8000-000000000041', 'user-1', 'liked', '', 1.0, 1.0, '',
  '2026-01-02T03:04:08.000000+00:00'
);
INSERT INTO optimizations VALUES (
  '01970000-0000-7000-8000-000000000061', 'writer/chapter@1', '01970000-0000-7000-8000-000000000011',
  'reflective', 'quality', 'topics@1', 'fake:a', 'fake:b', '[{"name":"contains"}]', '{}',
  '{"metric_calls":100}', '{}', 0, 4, 0, '', 'ann', NULL, '', 'improved', '0.50 to 0.75',
  'writer/chapter@2', '{}', '2026-01-02T03:04:05.000000+00:00', '2026-01-02T03:05:05.000000+00:00'
);
INSERT INTO optimization_answers VALUES (
  '01970000-0000-7000-8000-000000000061', 'c0ffee', 0, 0, 0.5, NULL, 12.5, 3, 4, 1, '', 'Once', '', '', 0, 1
);
INSERT INTO optimization_steps VALUES (
  '01970000-0000-7000-8000-000000000061', 1, 'reflect',
  '{"candidates":[{"messages":[{"role":"user","content":"Write on {{ topic }}"}],"parents":["c0ffee"],"operator":"reflect"}]}',
  '2026-01-02T03:04:06.000000+00:00'
);
INSERT INTO requests VALUES ('ann', 'key-1', 'c0ffee', '2026-01-02T03:04:05.000000+00:00', 201, '{}', 'application/json');
INSERT INTO api_keys VALUES (
  '01970000-0000-7000-8000-000000000071', 'ci', 'viewer', '[]', 'hash', 'ann',
  '2026-01-02T03:04:05.000000+00:00', NULL, NULL, NULL, '', ''
);
INSERT INTO feedback VALUES (
  '01970000-0000-7000-8000-000000000081', 'stars', 4.0, 0.75, NULL, 812.5, 'Short enough',
  '01970000-0000-7000-8000-000000000001', 'writer/chapter', '01970000-0000-7000-8000-000000000011', 1,
  NULL, 'openai:gpt-5-mini', 'creative_writing', '["few_shot"]', 'ann', 1,
  '2026-01-02T03:04:05.000000+00:00'
);
INSERT INTO counters VALUES ('prompts_generated_total', '[]', 3.0);
INSERT INTO audit_names VALUES ('p1', 'local', '', 'ann');
INSERT INTO audit VALUES (
  1, '01970000-0000-7000-8000-000000000091', '2026-01-02T03:04:05.000000+00:00', 'p1', 'local',
  'keys.create', 'ci', '', '', '{}', '{"role":"viewer"}', '', 'c0ffee'
);
INSERT INTO users VALUES (
  '01970000-0000-7000-8000-0000000000a1', 'ann@example.com', 'Ann', 'hash', 'editor', '[]', '',
  '{"theme":"dark"}', 1, 0, '2026-01-02T03:04:05.000000+00:00', 'root', NULL, NULL, NULL,
  '2026-01-02T03:04:05.000000+00:00'
);
INSERT INTO sessions VALUES (
  '01970000-0000-7000-8000-0000000000a2', '01970000-0000-7000-8000-0000000000a1',
  '2026-01-02T03:04:05.000000+00:00', '2026-02-02T03:04:05.000000+00:00', NULL, ''
);
INSERT INTO refresh_tokens VALUES ('c0ffee', '01970000-0000-7000-8000-0000000000a2', NULL);
INSERT INTO one_time_tokens VALUES (
  'decade', 'invite', 'bob@example.com', 'viewer', 'ann@example.com',
  '2026-01-02T03:04:05.000000+00:00', '2026-01-09T03:04:05.000000+00:00', NULL
);
INSERT INTO buckets VALUES ('ann', 1767323045.5);
INSERT INTO webhooks VALUES (
  '01970000-0000-7000-8000-0000000000b1', 'https://example.com/hook', '["label.moved"]', 'v1:k1:AAAA',
  'ann', '2026-01-02T03:04:05.000000+00:00', 0, NULL, ''
);
INSERT INTO happenings VALUES (
  1, 'label.moved', '{"prompt":"writer/chapter"}', '2026-01-02T03:04:05.000000+00:00'
);
INSERT INTO deliveries VALUES (
  '01970000-0000-7000-8000-0000000000b2', '01970000-0000-7000-8000-0000000000b1', 'label.moved', '{}',
  'delivered', 1, 200, '', 12.5, '2026-01-02T03:04:05.000000+00:00', NULL,
  '2026-01-02T03:04:06.000000+00:00'
);
INSERT INTO projects VALUES (
  '01970000-0000-7000-8000-0000000000c1', 'news', 'Newsletters', '2026-01-02T03:04:05.000000+00:00', 'root'
);
INSERT INTO members VALUES (
  '01970000-0000-7000-8000-0000000000c1', '01970000-0000-7000-8000-0000000000a1', 'admin', '["publish"]',
  '2026-01-02T03:04:05.000000+00:00', 'root'
);
INSERT INTO identities VALUES (
  'https://id.example.com', 'ann-1', '01970000-0000-7000-8000-0000000000a1', '2026-01-02T03:04:05.000000+00:00'
);
INSERT INTO sign_ins VALUES ('c0ffee', 'nonce', 'verifier', '2026-01-02T03:14:05.000000+00:00');
