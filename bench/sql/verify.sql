SELECT auth.verify_session(:token) ->> 'status';
