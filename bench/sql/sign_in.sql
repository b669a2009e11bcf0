SELECT auth.sign_in('bench@example.org', 'correct horse') ->> 'status';
