// Made of openapi.json by `npm run generate`.

export interface paths {
    "/collections": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List Collections
         * @description Every collection and how much it holds.
         *
         *     Where the service has keys: a key with the scope `search`.
         */
        get: operations["list_collections"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/collections/{name}/groups": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Group Collection
         * @description Group the faces of a collection: average linkage of the identities, or of the expressions.
         *
         *     The groups are in `GET /jobs/{job_id}` when the job is done; a face that is erased later is in none.
         *
         *     Where the service has keys: a key with the scopes `enrol` and `search`.
         */
        post: operations["group_collection"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/collections/{name}/reembed": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Reembed Collection
         * @description Embed the faces that other models made anew, from the pictures that were kept of them (FACET_KEEP_CROPS).
         *
         *     Until a face has its turn, it is found among those of its own model, by `GET /search` with one of them. Of a face
         *     without a picture nothing changes; `GET /health/ready` tells how many of other models there are.
         *
         *     Where the service has keys: a key with the scope `enrol`.
         */
        post: operations["reembed_collection"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/demo": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Seed Demo
         * @description Enrol generated faces in the collection `demo`, unless they are there already.
         *
         *     Where the service has keys: a key with the scope `enrol`.
         */
        post: operations["seed_demo"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/edit": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Edit
         * @description Draw a face after some edits; what no edit names stays as it is.
         *
         *     The face is the picture `image`, an enrolled `face`, or an `embedding`. Name the edits either by `attr`, or by a
         *     list `edits`.
         *
         *     Where the service has keys: a key with the scope `embed`.
         */
        post: operations["edit"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/embed": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Embed
         * @description Find the faces of one or several pictures and embed them.
         *
         *     A single picture that fails is a problem; of several, each has its own `error`.
         *
         *     Where the service has keys: a key with the scope `embed`.
         */
        post: operations["embed"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/faces": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List Faces
         * @description The enrolled faces, page by page, those first that were enrolled or changed first.
         *
         *     Where the service has keys: a key with the scope `search`.
         */
        get: operations["list_faces"];
        put?: never;
        /**
         * Enrol Face
         * @description Enrol the largest face of a picture, or an embedding that the current model made.
         *
         *     The face is drawn back for its quality, below which `min_quality` refuses it (`low_quality`).
         *
         *     With an `Idempotency-Key`, a request that is sent again gives the face that the first one enrolled, as long as that
         *     is there.
         *
         *     Where the service has keys: a key with the scope `enrol`.
         */
        post: operations["enrol_face"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/faces/{face_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get Face
         * @description One enrolled face.
         *
         *     Where the service has keys: a key with the scope `search`.
         */
        get: operations["get_face"];
        put?: never;
        post?: never;
        /**
         * Delete Face
         * @description Erase one face; it is in no later answer.
         *
         *     Where the service has keys: a key with the scope `erase`.
         */
        delete: operations["delete_face"];
        options?: never;
        head?: never;
        /**
         * Change Face
         * @description Change the subject, the collection or the metadata of a face; what is left out stays.
         *
         *     The face gets a new sequence number and moves to the end of the listing.
         *
         *     Where the service has keys: a key with the scopes `enrol` and `search`.
         */
        patch: operations["change_face"];
        trace?: never;
    };
    "/faces/{face_id}/crop": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get Crop
         * @description The aligned picture of an enrolled face, where it was kept.
         *
         *     Where the service has keys: a key with the scope `search`.
         */
        get: operations["get_crop"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/generate": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Generate
         * @description Draw random faces, on one sheet row by row or as a JSON list.
         *
         *     With a picture and `keep`, every face has these attributes of the face in the picture.
         *
         *     Where the service has keys: a key with the scope `embed`.
         */
        post: operations["generate"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/health/live": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Live
         * @description Whether the process answers at all.
         */
        get: operations["live"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/health/ready": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Ready
         * @description Whether requests can be answered: the model is loaded and the database answers.
         */
        get: operations["ready"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/identify": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Identify
         * @description Decide which subject the largest face of a picture is, or that it is nobody, by identity alone.
         *
         *     The probability is that of a comparison of two faces. Strangers who look alike are the more numerous the larger
         *     the collection is: ask for a higher `min_probability` there.
         *
         *     Where the service has keys: a key with the scope `search`.
         */
        post: operations["identify"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/jobs": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List Jobs
         * @description Every job, page by page, the newest first.
         *
         *     Where the service has keys: a key with the scope `search`.
         */
        get: operations["list_jobs"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/jobs/import": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Import Archive
         * @description Enrol the largest face of each picture of an archive, under the name of the folder that it lies in.
         *
         *     `ada/1.jpg` is a picture of `ada`; the path is kept as the metadata's `source`. A picture that the collection has
         *     is left out, so that an archive may be sent again. One whose face is below `min_quality` is among the failures as
         *     `low_quality`. The job goes on after a restart of the service.
         *
         *     Where the service has keys: a key with the scope `enrol`.
         */
        post: operations["import_archive"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/jobs/{job_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get Job
         * @description How a job stands, what failed in it, and the groups that it found.
         *
         *     Where the service has keys: a key with the scope `search`.
         */
        get: operations["get_job"];
        put?: never;
        post?: never;
        /**
         * Cancel Job
         * @description End a job before it is done; what it enrolled stays. One that has ended stays as it is.
         *
         *     Where the service has keys: a key with the scope `enrol`.
         */
        delete: operations["cancel_job"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/jobs/{job_id}/events": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Follow Job
         * @description A job as it gets on, as server-sent events.
         *
         *     Each is called `progress` while the job goes on, and the last one by the state in which it ended: `done`, `failed`
         *     or `cancelled`. The data is the job as JSON, without what failed and without groups.
         *
         *     Where the service has keys: a key with the scope `search`.
         */
        get: operations["follow_job"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/metrics": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Metrics
         * @description Times of requests and of each stage of the work, and how much of it waits, in the format of Prometheus.
         *
         *     Workers measure their stages themselves: `facet worker --metrics-port` opens this page for each.
         *
         *     Where the service has keys: a key with the scope `admin`.
         */
        get: operations["metrics"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/model": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Model
         * @description The model card, the table of the embedding, the presets and the limits.
         *
         *     Where the service has keys: any key.
         */
        get: operations["model"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/reconstruct": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Reconstruct
         * @description Draw the face of a picture, or of an embedding, through all four networks.
         *
         *     Where the service has keys: a key with the scope `embed`.
         */
        post: operations["reconstruct"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/search": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Search By Face
         * @description Search by an enrolled face, which is itself left out of the results.
         *
         *     Where the service has keys: a key with the scope `search`.
         */
        get: operations["search_by_face"];
        put?: never;
        /**
         * Search
         * @description Search by a picture or an embedding, or by each of the `queries` of a JSON body.
         *
         *     A `source` picture lends the attributes in `source_attr`.
         *
         *     Where the service has keys: a key with the scope `search`.
         */
        post: operations["search"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/stimuli/again": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Stimuli Again
         * @description Draw the set of a recipe once more: the same pictures, if the same model runs.
         *
         *     Where the service has keys: a key with the scope `embed`.
         */
        post: operations["stimuli_again"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/stimuli/average": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Average Faces
         * @description Draw the average of some faces, in all attributes or in some; in the others it is `onto`, or the first face.
         *
         *     Where the service has keys: a key with the scope `embed`.
         */
        post: operations["average_faces"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/stimuli/caricature": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Caricature Of Face
         * @description Draw a face made more, or less, different from the mean of the faces `among`.
         *
         *     Where the service has keys: a key with the scope `embed`.
         */
        post: operations["caricature_of_face"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/stimuli/classification": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Classification Image
         * @description Draw the face that the choices among pairs of `noise` point to, and its opposite.
         *
         *     Where the service has keys: a key with the scope `embed`.
         */
        post: operations["classification_image"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/stimuli/continuum": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Continuum Of Faces
         * @description Draw faces from one to another in equal steps of similarity.
         *
         *     Where the service has keys: a key with the scope `embed`.
         */
        post: operations["continuum_of_faces"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/stimuli/direction": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Direction Of Ratings
         * @description Regress ratings of faces on one attribute, and draw `face`, or the first of them, moved along the result.
         *
         *     `r2` is cross-validated in ten folds.
         *
         *     Where the service has keys: a key with the scope `embed`.
         */
        post: operations["direction_of_ratings"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/stimuli/factorial": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Factorial Set
         * @description Draw every person with every expression in every turn: those in `faces`, or people who are made up.
         *
         *     Where the service has keys: a key with the scope `embed`.
         */
        post: operations["factorial_set"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/stimuli/noise": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Noise Pairs
         * @description Draw pairs of a face with opposite noise in one attribute, to choose from: reverse correlation.
         *
         *     All pairs of an experiment come in several answers, by `first` and `last`.
         *
         *     Where the service has keys: a key with the scope `embed`.
         */
        post: operations["noise_pairs"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/subjects/{subject}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /**
         * Delete Subject
         * @description Erase every face of a subject, in one collection or in all.
         *
         *     Where the service has keys: a key with the scope `erase`.
         */
        delete: operations["delete_subject"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/verify": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Verify
         * @description Compare the largest face of each of two pictures.
         *
         *     Where the service has keys: a key with the scope `embed`.
         */
        post: operations["verify"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        /**
         * Attribute
         * @description A part of the embedding, in the order in which the parts lie in it.
         * @enum {string}
         */
        Attribute: "pose" | "identity" | "expression" | "style";
        /**
         * AttributeEntry
         * @description Where one attribute lies in the embedding and how two faces are compared by it.
         */
        AttributeEntry: {
            /**
             * Distance
             * @enum {string}
             */
            distance: "cosine" | "euclidean";
            name: components["schemas"]["Attribute"];
            /** Size */
            size: number;
            /**
             * Slice
             * @description first number, and the one after the last
             */
            slice: [
                number,
                number
            ];
            /** Space */
            space: string;
        };
        /** AverageFacesForm */
        AverageFacesForm: {
            faces: Blob[];
            /**
             * Format: binary
             * @description a JPEG, PNG or WebP file
             */
            onto?: Blob;
        };
        /** AverageFacesRequest */
        AverageFacesRequest: {
            faces: components["schemas"]["Embedding"][];
            onto?: components["schemas"]["Embedding"];
        };
        /**
         * BatchResults
         * @description The answers to a batch of queries, in their order.
         */
        BatchResults: {
            /** Answers */
            answers: components["schemas"]["SearchResults"][];
        };
        /**
         * Candidate
         * @description A subject, by the one of its faces that is most like the face asked for.
         */
        Candidate: {
            /** Collection */
            collection: string;
            /**
             * Id
             * @description the enrolled face that was compared
             */
            id: string;
            /** Metadata */
            metadata: {
                [key: string]: unknown;
            };
            /**
             * Probability
             * @description that both faces show one person
             * @example 0.93
             */
            probability: number;
            /**
             * Similarity
             * @description of the identities
             */
            similarity: number;
            /** Subject */
            subject: string;
        };
        /** CaricatureOfFaceForm */
        CaricatureOfFaceForm: {
            among: Blob[];
            /**
             * Format: binary
             * @description a JPEG, PNG or WebP file
             */
            face: Blob;
        };
        /** CaricatureOfFaceRequest */
        CaricatureOfFaceRequest: {
            among: components["schemas"]["Embedding"][];
            face: components["schemas"]["Embedding"];
        };
        /** ChangeFaceForm */
        ChangeFaceForm: {
            collection?: string;
            /** @description a JSON object of at most 16384 bytes */
            metadata?: string;
            subject?: string;
        };
        /** ChangeFaceRequest */
        ChangeFaceRequest: {
            collection?: string;
            /** @description at most 16384 bytes as JSON */
            metadata?: {
                [key: string]: unknown;
            };
            subject?: string;
        };
        /** ClassificationImageForm */
        ClassificationImageForm: {
            answers: string;
            recipe: string;
        };
        /** ClassificationImageRequest */
        ClassificationImageRequest: {
            /** @description for the number of a pair the side that was chosen */
            answers: {
                [key: string]: "a" | "b";
            };
            /** @description what an answer said that its set was made from; it holds the embeddings of the faces */
            recipe: {
                [key: string]: unknown;
            };
        };
        /**
         * CollectionEntry
         * @description How much a collection holds.
         */
        CollectionEntry: {
            /** Faces */
            faces: number;
            /** Name */
            name: string;
            /** Subjects */
            subjects: number;
        };
        /**
         * Collections
         * @description Every collection that holds a face.
         */
        Collections: {
            /** Collections */
            collections: components["schemas"]["CollectionEntry"][];
        };
        /** ContinuumOfFacesForm */
        ContinuumOfFacesForm: {
            /**
             * Format: binary
             * @description a JPEG, PNG or WebP file
             */
            end: Blob;
            /**
             * Format: binary
             * @description a JPEG, PNG or WebP file
             */
            start: Blob;
        };
        /** ContinuumOfFacesRequest */
        ContinuumOfFacesRequest: {
            end: components["schemas"]["Embedding"];
            start: components["schemas"]["Embedding"];
        };
        /**
         * Deleted
         * @description The receipt of a deletion, after which no answer has these faces.
         */
        Deleted: {
            /**
             * At
             * Format: date-time
             */
            at: string;
            /**
             * Deleted
             * @description how many faces
             */
            deleted: number;
            /**
             * Sequence
             * @description the number of the deletion in the one order of all changes
             */
            sequence: number;
        };
        /** DirectionOfRatingsForm */
        DirectionOfRatingsForm: {
            /**
             * Format: binary
             * @description a JPEG, PNG or WebP file
             */
            face?: Blob;
            faces: Blob[];
            groups?: string;
            ratings: string;
        };
        /** DirectionOfRatingsRequest */
        DirectionOfRatingsRequest: {
            face?: components["schemas"]["Embedding"];
            faces: components["schemas"]["Embedding"][];
            /** @description whom each face shows; faces of one group are never on both sides of the cross-validation */
            groups?: string[];
            ratings: number[];
        };
        /**
         * DrawnStimuli
         * @description A set of drawn faces, and the recipe from which the same pictures come again.
         */
        DrawnStimuli: {
            /** Faces */
            faces: components["schemas"]["Stimulus"][];
            /**
             * R2
             * @description of a direction: the share of the ratings' variance, cross-validated
             */
            r2?: number | null;
            /**
             * Recipe
             * @example {
             *       "facet": "0.1.0",
             *       "model": "facet-1",
             *       "stimuli": {
             *         "expressions": [
             *           "neutral"
             *         ],
             *         "kind": "factorial",
             *         "people": 2,
             *         "turns": [
             *           -20,
             *           20
             *         ]
             *       }
             *     }
             */
            recipe: {
                [key: string]: unknown;
            };
        };
        /**
         * Edit
         * @description One change of one attribute: exactly one of `from`, `set` and `preset`.
         */
        Edit: {
            /**
             * Amount
             * @description how far to go: 0 changes nothing, 1 all the way, up to 2 beyond
             * @default 1
             */
            amount?: number;
            attribute: components["schemas"]["Attribute"];
            /**
             * From
             * @description `source:0` (the first source picture), `face:<id>`, or an embedding
             */
            from?: string | components["schemas"]["Embedding"] | null;
            /**
             * Preset
             * @description a name that `/model` lists, such as `happiness`
             */
            preset?: string | null;
            /**
             * Set
             * @description angles in degrees, for pose alone; those left out stay
             */
            set?: {
                [key: string]: number;
            } | null;
        };
        /** EditForm */
        EditForm: {
            /** @description a list of edits */
            edits?: string;
            /**
             * Format: binary
             * @description a JPEG, PNG or WebP file
             */
            image?: Blob;
            source?: Blob[];
        };
        /** EditRequest */
        EditRequest: {
            edits: components["schemas"]["Edit"][];
            embedding?: components["schemas"]["Embedding"];
        };
        /**
         * Edited
         * @description The drawn face, the embedding that was drawn, and what the encoder sees in the drawing.
         */
        Edited: {
            embedding: components["schemas"]["Embedding"];
            /** Image */
            image: string;
            reencoded: components["schemas"]["Embedding"];
        };
        /** EmbedForm */
        EmbedForm: {
            image: Blob[];
        };
        /**
         * Embedded
         * @description What `/embed` answers: one entry for each picture, in the order in which they were sent.
         */
        Embedded: {
            /** Images */
            images: components["schemas"]["EmbeddedImage"][];
            model: components["schemas"]["ModelOfAnswer"];
        };
        /**
         * EmbeddedImage
         * @description The faces of one picture, largest first, or why it has none.
         */
        EmbeddedImage: {
            error?: components["schemas"]["Failure"] | null;
            /** Faces */
            faces: components["schemas"]["Face"][];
        };
        /**
         * Embedding
         * @description A face as four sub-vectors: pose in radians, the others on the unit sphere.
         */
        Embedding: {
            /** Expression */
            expression: number[];
            /** Identity */
            identity: number[];
            /**
             * Model
             * @description the id of the model that made it, as every answer has it; a request that leaves it out means the only model that runs
             */
            model?: string | null;
            /** Pose */
            pose: number[];
            /** Style */
            style: number[];
        };
        /** EnrolFaceForm */
        EnrolFaceForm: {
            /** @default default */
            collection?: string;
            /**
             * Format: binary
             * @description a JPEG, PNG or WebP file
             */
            image: Blob;
            /** @description a JSON object of at most 16384 bytes */
            metadata?: string;
            subject: string;
        };
        /** EnrolFaceRequest */
        EnrolFaceRequest: {
            collection?: string;
            embedding: components["schemas"]["Embedding"];
            /** @description at most 16384 bytes as JSON */
            metadata?: {
                [key: string]: unknown;
            };
            subject: string;
        };
        /**
         * Enrolled
         * @description An enrolled face.
         */
        Enrolled: {
            /**
             * Collection
             * @example default
             */
            collection: string;
            /**
             * Created
             * Format: date-time
             */
            created: string;
            embedding: components["schemas"]["Embedding"];
            /**
             * Id
             * @example 01930f2e-6f6c-7cc3-9d0a-3f1d2c4b5a69
             */
            id: string;
            /** Metadata */
            metadata: {
                [key: string]: unknown;
            };
            /**
             * Model
             * @description the id of the model that made the embedding
             */
            model: string;
            /**
             * Quality
             * @description the score of the face's quality, with its likeness; null where an embedding was enrolled
             */
            quality: number | null;
            /**
             * Sequence
             * @description the number of its enrolment or latest change in the one order of all changes
             */
            sequence: number;
            /**
             * Subject
             * @description who the face belongs to
             * @example ada
             */
            subject: string;
        };
        /**
         * EnrolledPage
         * @description Some faces in the order of enrolment or latest change, and where the next page begins.
         */
        EnrolledPage: {
            /** Faces */
            faces: components["schemas"]["Enrolled"][];
            /** Next Cursor */
            next_cursor: string | null;
        };
        /**
         * Expression
         * @description How probable each expression is; the probabilities sum to 1. A model may know no labels.
         */
        Expression: {
            /** Label */
            label: string | null;
            /** Probabilities */
            probabilities: {
                [key: string]: number;
            };
        };
        /**
         * Face
         * @description One face found in a picture.
         */
        Face: {
            /**
             * Box
             * @description x, y, width, height in pixels of the upright picture
             * @example [
             *       84,
             *       61,
             *       120,
             *       120
             *     ]
             */
            box: [
                number,
                number,
                number,
                number
            ];
            embedding: components["schemas"]["Embedding"];
            expression: components["schemas"]["Expression"];
            /**
             * Landmarks
             * @description left eye, right eye, nose tip, left and right corner of the mouth, as they lie in the picture; null where the detector gives none
             */
            landmarks: [
                number,
                number
            ][] | null;
            pose_degrees: components["schemas"]["PoseDegrees"];
            /** @description null only where a worker of the version before has read it */
            quality: components["schemas"]["Quality"] | null;
            /**
             * Score
             * @description how sure the detector is
             * @example 0.97
             */
            score: number;
        };
        /** FactorialSetForm */
        FactorialSetForm: {
            faces?: Blob[];
        };
        /** FactorialSetRequest */
        FactorialSetRequest: {
            faces?: components["schemas"]["Embedding"][];
        };
        /**
         * FailedFile
         * @description A file of an import that was not enrolled.
         */
        FailedFile: {
            /**
             * Code
             * @example no_face
             */
            code: string;
            /** Detail */
            detail: string;
            /**
             * Path
             * @example ada/blurred.jpg
             */
            path: string;
            /**
             * Place
             * @description where it lies in the archive, from 0
             */
            place: number;
        };
        /**
         * Failure
         * @description Why one picture of several failed.
         */
        Failure: {
            /** Code */
            code: string;
            /** Detail */
            detail: string;
        };
        /**
         * Found
         * @description One enrolled face that a search found.
         */
        Found: {
            /** Collection */
            collection: string;
            /** Distance */
            distance: number;
            /** Id */
            id: string;
            /** Metadata */
            metadata: {
                [key: string]: unknown;
            };
            /**
             * Quality
             * @description of the enrolled face; null where an embedding was enrolled
             */
            quality: number | null;
            /**
             * Similarities
             * @description by attribute, to the face that is asked for
             */
            similarities: {
                [key: string]: number;
            };
            /**
             * Similarity
             * @description the mixture that was asked for; results are ordered by it
             */
            similarity: number;
            /** Subject */
            subject: string;
        };
        /** GenerateForm */
        GenerateForm: {
            /**
             * Format: binary
             * @description a JPEG, PNG or WebP file
             */
            image?: Blob;
        };
        /**
         * GeneratedFace
         * @description A drawn face and the embedding that was drawn.
         */
        GeneratedFace: {
            embedding: components["schemas"]["Embedding"];
            /** Image */
            image: string;
        };
        /**
         * GeneratedFaces
         * @description The faces of one request, in the order of the sheet.
         */
        GeneratedFaces: components["schemas"]["GeneratedFace"][];
        /**
         * Health
         * @description The answer of a probe.
         */
        Health: {
            /**
             * Note
             * @description what somebody should see to, though requests are answered
             */
            note?: string | null;
            /**
             * Status
             * @default ok
             * @constant
             */
            status?: "ok";
        };
        /**
         * Identified
         * @description Who it is; null where it is nobody who is enrolled.
         */
        Identified: {
            /**
             * Candidates
             * @description the most probable subjects, best first, whether sure or not
             */
            candidates: components["schemas"]["Candidate"][];
            /**
             * Min Probability
             * @description from which on the best candidate is the answer
             */
            min_probability: number;
            /**
             * Probability
             * @description of the best candidate, 0 where there is none
             * @example 0.93
             */
            probability: number;
            /**
             * Searched
             * @description how many faces were compared
             */
            searched: number;
            /**
             * Subject
             * @example ada
             */
            subject: string | null;
        };
        /** IdentifyForm */
        IdentifyForm: {
            /**
             * Format: binary
             * @description a JPEG, PNG or WebP file
             */
            image: Blob;
        };
        /** IdentifyRequest */
        IdentifyRequest: {
            embedding: components["schemas"]["Embedding"];
        };
        /** ImportArchiveForm */
        ImportArchiveForm: {
            /**
             * Format: binary
             * @description a .zip, .tar or .tar.gz
             */
            archive: Blob;
        };
        /**
         * Job
         * @description A job as it stands.
         */
        Job: {
            /**
             * Changed
             * Format: date-time
             */
            changed: string;
            /**
             * Collection
             * @example default
             */
            collection: string;
            /**
             * Created
             * Format: date-time
             */
            created: string;
            error: components["schemas"]["JobError"] | null;
            /**
             * Id
             * @example 01930f2e-6f6c-7cc3-9d0a-3f1d2c4b5a69
             */
            id: string;
            kind: components["schemas"]["Kind"];
            /**
             * Progress
             * @description counts: how many are `done` of `total`, which is null while nobody knows it; of an import `enrolled`, `duplicates` and `failed`, of a grouping `groups` and `unassigned`, of a re-embedding `changed`, `failed` and the number of the `last` face
             * @example {
             *       "done": 64,
             *       "duplicates": 3,
             *       "enrolled": 60,
             *       "failed": 1,
             *       "total": 100
             *     }
             */
            progress: {
                [key: string]: number | null;
            };
            state: components["schemas"]["State"];
        };
        /**
         * JobError
         * @description Why a job failed.
         */
        JobError: {
            /**
             * Code
             * @example invalid_request
             */
            code: string;
            /** Detail */
            detail: string;
        };
        /**
         * JobPage
         * @description Some jobs, the newest first.
         */
        JobPage: {
            /** Jobs */
            jobs: components["schemas"]["Job"][];
            /**
             * Next Cursor
             * @description the `cursor` of the next page; null on the last
             */
            next_cursor: string | null;
        };
        /**
         * JobReport
         * @description A job with what came of it.
         */
        JobReport: {
            /**
             * Changed
             * Format: date-time
             */
            changed: string;
            /**
             * Collection
             * @example default
             */
            collection: string;
            /**
             * Created
             * Format: date-time
             */
            created: string;
            error: components["schemas"]["JobError"] | null;
            /**
             * Failures
             * @description of an import, what failed, file by file, in the archive's order; of a re-embedding the faces, by id
             */
            failures: components["schemas"]["FailedFile"][];
            /**
             * Groups
             * @description of a grouping, the ids of each group's faces, largest first
             */
            groups: string[][] | null;
            /**
             * Id
             * @example 01930f2e-6f6c-7cc3-9d0a-3f1d2c4b5a69
             */
            id: string;
            kind: components["schemas"]["Kind"];
            /**
             * Next Failures
             * @description the `failures_after` of the next page; null on the last
             */
            next_failures: number | null;
            /**
             * Progress
             * @description counts: how many are `done` of `total`, which is null while nobody knows it; of an import `enrolled`, `duplicates` and `failed`, of a grouping `groups` and `unassigned`, of a re-embedding `changed`, `failed` and the number of the `last` face
             * @example {
             *       "done": 64,
             *       "duplicates": 3,
             *       "enrolled": 60,
             *       "failed": 1,
             *       "total": 100
             *     }
             */
            progress: {
                [key: string]: number | null;
            };
            state: components["schemas"]["State"];
            /**
             * Unassigned
             * @description of a grouping, the ids of the faces that are in no group
             */
            unassigned: string[] | null;
        };
        /**
         * Kind
         * @description What a job does.
         * @enum {string}
         */
        Kind: "import" | "groups" | "reembed";
        /**
         * Model
         * @description What the loaded model says of itself.
         */
        Model: {
            /** Attributes */
            attributes: components["schemas"]["AttributeEntry"][];
            /** Card */
            card: {
                [key: string]: unknown;
            };
            /** Detector */
            detector: string;
            /** Id */
            id: string;
            /**
             * Image Size
             * @description height and width of the pictures that it draws, in pixels
             */
            image_size: number;
            /**
             * Limits
             * @description what a request may not pass
             */
            limits: {
                [key: string]: number;
            };
            /** Presets */
            presets: {
                [key: string]: string[];
            };
            /**
             * Read Size
             * @description height and width of the crops that it reads, in pixels
             */
            read_size: number;
            search: components["schemas"]["Search"];
        };
        /**
         * ModelOfAnswer
         * @description The model that made an answer's embeddings; embeddings of different ids cannot be compared.
         */
        ModelOfAnswer: {
            /** Id */
            id: string;
            /** Image Size */
            image_size: number;
            /** Read Size */
            read_size: number;
        };
        /** NoisePairsForm */
        NoisePairsForm: {
            /**
             * Format: binary
             * @description a JPEG, PNG or WebP file
             */
            face: Blob;
        };
        /** NoisePairsRequest */
        NoisePairsRequest: {
            face: components["schemas"]["Embedding"];
        };
        /**
         * PoseDegrees
         * @description The pose in degrees: pitch > 0 looks up, yaw > 0 turns to the picture's right, roll > 0 tilts clockwise.
         */
        PoseDegrees: {
            /** Pitch */
            pitch: number;
            /** Roll */
            roll: number;
            /** Yaw */
            yaw: number;
        };
        /**
         * Problem
         * @description A failure (RFC 9457) with a stable code and a sentence that says what to do.
         */
        Problem: {
            /**
             * Code
             * @example no_face
             */
            code: string;
            /**
             * Detail
             * @example No face was found in the picture; send one that shows a face.
             */
            detail: string;
            /**
             * Details
             * @description facts beside the sentence, such as the limit passed
             * @default null
             */
            details?: {
                [key: string]: unknown;
            } | null;
            /**
             * Instance
             * @example /embed
             */
            instance: string;
            /** Request Id */
            request_id: string;
            /**
             * Status
             * @example 422
             */
            status: number;
            /**
             * Title
             * @example Unprocessable Content
             */
            title: string;
            /**
             * Type
             * @constant
             */
            type: "about:blank";
        };
        /**
         * Quality
         * @description How much there is of a face in its picture: parts from 0 to 1, 1 where nothing is missing, and their product.
         */
        Quality: {
            /**
             * Detection
             * @description how sure the detector was
             * @example 0.9
             */
            detection: number;
            /**
             * Likeness
             * @description how well the model draws it back; null where that was not asked for
             */
            likeness: number | null;
            /**
             * Score
             * @description the product of the parts
             * @example 0.66
             */
            score: number;
            /**
             * Sharpness
             * @example 0.9
             */
            sharpness: number;
            /**
             * Size
             * @description pixels of the face in the picture
             * @example 0.9
             */
            size: number;
            /**
             * Turn
             * @description how far it looks towards the camera
             * @example 0.9
             */
            turn: number;
        };
        /**
         * Question
         * @description One query of a batch: an `embedding` or the id of an enrolled `face`, and what the URL says for all queries.
         *
         *     A field that is left out is as the URL has it.
         */
        Question: {
            /**
             * Attr
             * @default [
             *       "identity"
             *     ]
             * @example [
             *       "identity:1",
             *       "style:-0.3"
             *     ]
             */
            attr?: string[];
            /** Collection */
            collection?: string | null;
            embedding?: components["schemas"]["Embedding"];
            /**
             * Face
             * @description the id of an enrolled face, which is itself left out of the results
             */
            face?: string | null;
            /** Group By */
            group_by?: "subject" | null;
            /**
             * K
             * @default 10
             */
            k?: number;
            /** Max Degrees */
            max_degrees?: number | null;
            /**
             * Metadata
             * @default {}
             */
            metadata?: {
                [key: string]: unknown;
            };
            /** Min Quality */
            min_quality?: number | null;
            /** Min Similarity */
            min_similarity?: number | null;
            /** Subject */
            subject?: string | null;
        };
        /** ReconstructForm */
        ReconstructForm: {
            /**
             * Format: binary
             * @description a JPEG, PNG or WebP file
             */
            image: Blob;
        };
        /** ReconstructRequest */
        ReconstructRequest: {
            embedding: components["schemas"]["Embedding"];
        };
        /**
         * Reconstruction
         * @description A drawn face beside the crop that it was drawn from.
         */
        Reconstruction: {
            embedding: components["schemas"]["Embedding"];
            /** Image */
            image: string;
            /**
             * Input
             * @description the aligned crop; there where a picture was sent
             */
            input?: string | null;
            /**
             * Ssim
             * @description structural similarity of the two; there where a picture was sent
             */
            ssim?: number | null;
        };
        /**
         * Search
         * @description How enrolled faces are compared.
         */
        Search: {
            /**
             * Kind
             * @enum {string}
             */
            kind: "exact" | "approximate";
            /**
             * Recall At 10
             * @description of each approximate index, by attribute, the share of the 10 best faces that it found when it was made; empty where every face is compared
             */
            recall_at_10: {
                [key: string]: number;
            };
        };
        /** SearchForm */
        SearchForm: {
            /**
             * Format: binary
             * @description a JPEG, PNG or WebP file
             */
            image: Blob;
            /**
             * Format: binary
             * @description a JPEG, PNG or WebP file
             */
            source?: Blob;
        };
        /** SearchRequest */
        SearchRequest: {
            embedding?: components["schemas"]["Embedding"];
            queries?: components["schemas"]["Question"][];
        };
        /**
         * SearchResults
         * @description The best results, best first, and how many faces were compared.
         */
        SearchResults: {
            /** Results */
            results: components["schemas"]["Found"][];
            /**
             * Searched
             * @description how many faces met the conditions
             */
            searched: number;
        };
        /**
         * Seeded
         * @description What the demonstration gallery holds.
         */
        Seeded: {
            /**
             * Collection
             * @example demo
             */
            collection: string;
            /** Faces */
            faces: number;
            /**
             * Subjects
             * @example 16
             */
            subjects: number;
        };
        /**
         * State
         * @description How a job stands.
         * @enum {string}
         */
        State: "queued" | "running" | "done" | "failed" | "cancelled";
        /** StimuliAgainForm */
        StimuliAgainForm: {
            recipe: string;
        };
        /** StimuliAgainRequest */
        StimuliAgainRequest: {
            /** @description what an answer said that its set was made from; it holds the embeddings of the faces */
            recipe: {
                [key: string]: unknown;
            };
        };
        /**
         * Stimulus
         * @description One face of a set: its name, the embedding that was drawn, and what the table says of it.
         */
        Stimulus: {
            /**
             * Columns
             * @example {
             *       "amount": 0.5
             *     }
             */
            columns: {
                [key: string]: number | string;
            };
            embedding: components["schemas"]["Embedding"];
            /** Image */
            image: string;
            /**
             * Name
             * @example frame-001
             */
            name: string;
        };
        /**
         * Verified
         * @description A decision by identity alone; the other similarities are there to explain it.
         */
        Verified: {
            /**
             * Probability
             * @description that both show one person
             * @example 0.93
             */
            probability: number;
            /** Same Person */
            same_person: boolean;
            /** Similarities */
            similarities: {
                [key: string]: number;
            };
            /**
             * Threshold
             * @description the identity similarity from which on `same_person` holds
             * @example 0.41
             */
            threshold: number;
        };
        /** VerifyForm */
        VerifyForm: {
            /**
             * Format: binary
             * @description a JPEG, PNG or WebP file
             */
            image: Blob;
            /**
             * Format: binary
             * @description a JPEG, PNG or WebP file
             */
            other: Blob;
        };
    };
    responses: {
        /** @description Forbidden: `forbidden` */
        Forbidden: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description Insufficient Storage: `storage_full` */
        InsufficientStorage: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description Not Found: `not_found` */
        NotFound: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description Request Entity Too Large: `image_too_large`, `too_large`, `archive_bomb` */
        RequestEntityTooLarge: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description Request Timeout: `too_slow` */
        RequestTimeout: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description Service Unavailable: `busy`, `unavailable`, `invalid_checkpoint` */
        ServiceUnavailable: {
            headers: {
                /** @description seconds after which to try again */
                "Retry-After"?: number;
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description Too Many Requests: `rate_limited` */
        TooManyRequests: {
            headers: {
                /** @description requests a minute of this key */
                "RateLimit-Limit"?: number;
                /** @description how many of them are left */
                "RateLimit-Remaining"?: number;
                /** @description seconds until the oldest request of the last minute counts no more */
                "RateLimit-Reset"?: number;
                /** @description seconds after which to try again */
                "Retry-After"?: number;
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description Unauthorized: `unauthorized` */
        Unauthorized: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description Unprocessable Entity: `no_face`, `unreadable_image`, `unsupported_image`, `image_too_small`, `low_quality`, `invalid_embedding`, `unknown_attribute`, `impossible_edit`, `invalid_request`, `unreadable_file`, `crashed_worker` */
        UnprocessableEntity: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description Unsupported Media Type */
        UnsupportedMediaType: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
    };
    parameters: never;
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type $defs = Record<string, never>;
export interface operations {
    list_collections: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Collections"];
                    "application/msgpack": Blob;
                };
            };
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            429: components["responses"]["TooManyRequests"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    group_collection: {
        parameters: {
            query?: {
                /** @description what a group shares */
                by?: "identity" | "expression";
                /** @description the largest mean distance (1 - cosine) at which two groups become one; of identities by default that at which two faces show one person with a probability of one half */
                distance?: number | null;
                /** @description faces that make a group */
                min_size?: number;
            };
            header?: never;
            path: {
                /** @description whose faces to group */
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Job"];
                    "application/msgpack": Blob;
                };
            };
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            503: components["responses"]["ServiceUnavailable"];
            507: components["responses"]["InsufficientStorage"];
        };
    };
    reembed_collection: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description whose faces to embed anew */
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Job"];
                    "application/msgpack": Blob;
                };
            };
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            503: components["responses"]["ServiceUnavailable"];
            507: components["responses"]["InsufficientStorage"];
        };
    };
    seed_demo: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Seeded"];
                    "application/msgpack": Blob;
                };
            };
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            429: components["responses"]["TooManyRequests"];
            503: components["responses"]["ServiceUnavailable"];
            507: components["responses"]["InsufficientStorage"];
        };
    };
    edit: {
        parameters: {
            query?: {
                /** @description edit this enrolled face instead of a picture */
                face?: string | null;
                /** @description take these attributes from `source` */
                attr?: components["schemas"]["Attribute"][] | null;
                /** @description how far to go with every `attr`; 1 if left out */
                amount?: number | null;
                /** @description put the drawn face back into the photograph */
                paste?: boolean;
                /** @description `auto` finds the face and aligns it; `none` takes the whole picture as the aligned crop */
                align?: "auto" | "none";
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["EditRequest"];
                "application/msgpack": Blob;
                "image/*": Blob;
                "multipart/form-data": components["schemas"]["EditForm"];
            };
        };
        responses: {
            /** @description A PNG marked as synthetic, or JSON if the Accept header prefers it */
            200: {
                headers: {
                    "X-Facet-Synthetic"?: "true";
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Edited"];
                    "application/msgpack": Blob;
                    "image/png": Blob;
                };
            };
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            408: components["responses"]["RequestTimeout"];
            413: components["responses"]["RequestEntityTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    embed: {
        parameters: {
            query?: {
                /** @description `auto` finds the face and aligns it; `none` takes the whole picture as the aligned crop */
                align?: "auto" | "none";
                /** @description faces to return for each picture, largest first */
                max_faces?: number;
                /** @description draw each face back, too, for that part of its quality; about three times the work */
                likeness?: boolean;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/msgpack": Blob;
                "image/*": Blob;
                "multipart/form-data": components["schemas"]["EmbedForm"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Embedded"];
                    "application/msgpack": Blob;
                };
            };
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            408: components["responses"]["RequestTimeout"];
            413: components["responses"]["RequestEntityTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    list_faces: {
        parameters: {
            query?: {
                /** @description look only in this collection */
                collection?: string | null;
                /** @description look only at this subject's faces */
                subject?: string | null;
                /** @description the `next_cursor` of the page before */
                cursor?: string | null;
                /** @description faces on one page */
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["EnrolledPage"];
                    "application/msgpack": Blob;
                };
            };
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    enrol_face: {
        parameters: {
            query?: {
                /** @description `auto` finds the face and aligns it; `none` takes the whole picture as the aligned crop */
                align?: "auto" | "none";
                /** @description refuse a face whose quality is below this */
                min_quality?: number | null;
            };
            header?: {
                /** @description A text that this caller sends with this face alone, such as a new UUID. With it the request can be sent again after a failure, and enrols once. */
                "Idempotency-Key"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["EnrolFaceRequest"];
                "application/msgpack": Blob;
                "multipart/form-data": components["schemas"]["EnrolFaceForm"];
            };
        };
        responses: {
            /** @description Successful Response */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Enrolled"];
                    "application/msgpack": Blob;
                };
            };
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            408: components["responses"]["RequestTimeout"];
            413: components["responses"]["RequestEntityTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            503: components["responses"]["ServiceUnavailable"];
            507: components["responses"]["InsufficientStorage"];
        };
    };
    get_face: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description the id of an enrolled face */
                face_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Enrolled"];
                    "application/msgpack": Blob;
                };
            };
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    delete_face: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description the id of an enrolled face */
                face_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The receipt, where the Accept header asks for `application/json` */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Deleted"];
                    "application/msgpack": Blob;
                };
            };
            /** @description Successful Response */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            503: components["responses"]["ServiceUnavailable"];
            507: components["responses"]["InsufficientStorage"];
        };
    };
    change_face: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description the id of an enrolled face */
                face_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ChangeFaceRequest"];
                "application/msgpack": Blob;
                "multipart/form-data": components["schemas"]["ChangeFaceForm"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Enrolled"];
                    "application/msgpack": Blob;
                };
            };
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            408: components["responses"]["RequestTimeout"];
            413: components["responses"]["RequestEntityTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            503: components["responses"]["ServiceUnavailable"];
            507: components["responses"]["InsufficientStorage"];
        };
    };
    get_crop: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description the id of an enrolled face */
                face_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The aligned face */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "image/png": Blob;
                };
            };
            /** @description The face is enrolled, and no picture of it was kept */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    generate: {
        parameters: {
            query?: {
                /** @description how many faces to draw */
                count?: number;
                /** @description the same seed draws the same faces */
                seed?: number | null;
                /** @description hold these attributes of the face in `image` */
                keep?: components["schemas"]["Attribute"][] | null;
                /** @description `auto` finds the face and aligns it; `none` takes the whole picture as the aligned crop */
                align?: "auto" | "none";
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/msgpack": Blob;
                "image/*": Blob;
                "multipart/form-data": components["schemas"]["GenerateForm"];
            };
        };
        responses: {
            /** @description A PNG marked as synthetic, or JSON if the Accept header prefers it */
            200: {
                headers: {
                    "X-Facet-Synthetic"?: "true";
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["GeneratedFaces"];
                    "application/msgpack": Blob;
                    "image/png": Blob;
                };
            };
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            408: components["responses"]["RequestTimeout"];
            413: components["responses"]["RequestEntityTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    live: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Health"];
                    "application/msgpack": Blob;
                };
            };
        };
    };
    ready: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Health"];
                    "application/msgpack": Blob;
                };
            };
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    identify: {
        parameters: {
            query?: {
                /** @description how many candidates to return */
                k?: number;
                /** @description how sure a decision must be */
                min_probability?: number;
                /** @description look only in this collection */
                collection?: string | null;
                /** @description leave out faces whose quality is below this, and those that were enrolled without a picture */
                min_quality?: number | null;
                /** @description `auto` finds the face and aligns it; `none` takes the whole picture as the aligned crop */
                align?: "auto" | "none";
                /** @description look only at faces whose metadata has at `key`, which stands for any key, an equal value. What reads as JSON is taken as JSON: `metadata.age=30` is a number, `metadata.age="30"` and `metadata.city=London` are texts. May be given for several keys; all must hold */
                "metadata.key"?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["IdentifyRequest"];
                "application/msgpack": Blob;
                "image/*": Blob;
                "multipart/form-data": components["schemas"]["IdentifyForm"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Identified"];
                    "application/msgpack": Blob;
                };
            };
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            408: components["responses"]["RequestTimeout"];
            413: components["responses"]["RequestEntityTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    list_jobs: {
        parameters: {
            query?: {
                /** @description look only in this collection */
                collection?: string | null;
                /** @description the `next_cursor` of the page before */
                cursor?: string | null;
                /** @description jobs on one page */
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["JobPage"];
                    "application/msgpack": Blob;
                };
            };
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    import_archive: {
        parameters: {
            query?: {
                /** @description where the faces are enrolled */
                collection?: string;
                /** @description folders to leave out at the front of each path */
                strip?: number;
                /** @description `auto` finds the face and aligns it; `none` takes the whole picture as the aligned crop */
                align?: "auto" | "none";
                /** @description refuse a face whose quality is below this */
                min_quality?: number | null;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/gzip": Blob;
                "application/octet-stream": Blob;
                "application/x-gzip": Blob;
                "application/x-tar": Blob;
                "application/zip": Blob;
                "multipart/form-data": components["schemas"]["ImportArchiveForm"];
            };
        };
        responses: {
            /** @description Successful Response */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Job"];
                    "application/msgpack": Blob;
                };
            };
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            408: components["responses"]["RequestTimeout"];
            413: components["responses"]["RequestEntityTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            503: components["responses"]["ServiceUnavailable"];
            507: components["responses"]["InsufficientStorage"];
        };
    };
    get_job: {
        parameters: {
            query?: {
                /** @description the `next_failures` of the page before */
                failures_after?: number;
                /** @description failures on one page */
                limit?: number;
            };
            header?: never;
            path: {
                /** @description the id of a job */
                job_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["JobReport"];
                    "application/msgpack": Blob;
                };
            };
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    cancel_job: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description the id of a job */
                job_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Job"];
                    "application/msgpack": Blob;
                };
            };
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            503: components["responses"]["ServiceUnavailable"];
            507: components["responses"]["InsufficientStorage"];
        };
    };
    follow_job: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description the id of a job */
                job_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/event-stream": {
                        data: string;
                        event: string;
                        id: string;
                    };
                };
            };
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    metrics: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/plain": string;
                };
            };
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            429: components["responses"]["TooManyRequests"];
        };
    };
    model: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Model"];
                    "application/msgpack": Blob;
                };
            };
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            429: components["responses"]["TooManyRequests"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    reconstruct: {
        parameters: {
            query?: {
                /** @description `auto` finds the face and aligns it; `none` takes the whole picture as the aligned crop */
                align?: "auto" | "none";
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ReconstructRequest"];
                "application/msgpack": Blob;
                "image/*": Blob;
                "multipart/form-data": components["schemas"]["ReconstructForm"];
            };
        };
        responses: {
            /** @description A PNG marked as synthetic, or JSON if the Accept header prefers it */
            200: {
                headers: {
                    "X-Facet-Synthetic"?: "true";
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Reconstruction"];
                    "application/msgpack": Blob;
                    "image/png": Blob;
                };
            };
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            408: components["responses"]["RequestTimeout"];
            413: components["responses"]["RequestEntityTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    search_by_face: {
        parameters: {
            query: {
                /** @description the id of the enrolled face to compare with */
                face: string;
                /** @description the attributes to compare, each with an optional weight: `identity`, `identity:1`, `style:-0.3` */
                attr?: string[];
                /** @description how many results to return */
                k?: number;
                /** @description look only in this collection */
                collection?: string | null;
                /** @description look only at this subject's faces */
                subject?: string | null;
                /** @description leave out results below this */
                min_similarity?: number | null;
                /** @description leave out faces whose pose is further from the query's */
                max_degrees?: number | null;
                /** @description leave out faces whose quality is below this, and those that were enrolled without a picture */
                min_quality?: number | null;
                /** @description `subject` gives only the best face of each subject */
                group_by?: "subject" | null;
                /** @description look only at faces whose metadata has at `key`, which stands for any key, an equal value. What reads as JSON is taken as JSON: `metadata.age=30` is a number, `metadata.age="30"` and `metadata.city=London` are texts. May be given for several keys; all must hold */
                "metadata.key"?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SearchResults"];
                    "application/msgpack": Blob;
                };
            };
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    search: {
        parameters: {
            query?: {
                /** @description the attributes to compare, each with an optional weight: `identity`, `identity:1`, `style:-0.3` */
                attr?: string[];
                /** @description take these attributes from the picture `source` */
                source_attr?: components["schemas"]["Attribute"][] | null;
                /** @description how many results to return */
                k?: number;
                /** @description `auto` finds the face and aligns it; `none` takes the whole picture as the aligned crop */
                align?: "auto" | "none";
                /** @description look only in this collection */
                collection?: string | null;
                /** @description look only at this subject's faces */
                subject?: string | null;
                /** @description leave out results below this */
                min_similarity?: number | null;
                /** @description leave out faces whose pose is further from the query's */
                max_degrees?: number | null;
                /** @description leave out faces whose quality is below this, and those that were enrolled without a picture */
                min_quality?: number | null;
                /** @description `subject` gives only the best face of each subject */
                group_by?: "subject" | null;
                /** @description look only at faces whose metadata has at `key`, which stands for any key, an equal value. What reads as JSON is taken as JSON: `metadata.age=30` is a number, `metadata.age="30"` and `metadata.city=London` are texts. May be given for several keys; all must hold */
                "metadata.key"?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["SearchRequest"];
                "application/msgpack": Blob;
                "image/*": Blob;
                "multipart/form-data": components["schemas"]["SearchForm"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SearchResults"] | components["schemas"]["BatchResults"];
                    "application/msgpack": Blob;
                };
            };
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            408: components["responses"]["RequestTimeout"];
            413: components["responses"]["RequestEntityTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    stimuli_again: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["StimuliAgainRequest"];
                "application/msgpack": Blob;
                "multipart/form-data": components["schemas"]["StimuliAgainForm"];
            };
        };
        responses: {
            /** @description All faces on one PNG; a ZIP with a PNG for each, `stimuli.csv` and `recipe.json`, or JSON, if the Accept header prefers it. All of them are marked as synthetic */
            200: {
                headers: {
                    "X-Facet-Synthetic"?: "true";
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DrawnStimuli"];
                    "application/msgpack": Blob;
                    "application/zip": Blob;
                    "image/png": Blob;
                };
            };
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            408: components["responses"]["RequestTimeout"];
            413: components["responses"]["RequestEntityTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    average_faces: {
        parameters: {
            query?: {
                /** @description only these attributes; all if left out */
                attr?: components["schemas"]["Attribute"][] | null;
                /** @description of each face, in order; equal if left out */
                weight?: number[] | null;
                /** @description `auto` finds the face and aligns it; `none` takes the whole picture as the aligned crop */
                align?: "auto" | "none";
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["AverageFacesRequest"];
                "application/msgpack": Blob;
                "multipart/form-data": components["schemas"]["AverageFacesForm"];
            };
        };
        responses: {
            /** @description All faces on one PNG; a ZIP with a PNG for each, `stimuli.csv` and `recipe.json`, or JSON, if the Accept header prefers it. All of them are marked as synthetic */
            200: {
                headers: {
                    "X-Facet-Synthetic"?: "true";
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DrawnStimuli"];
                    "application/msgpack": Blob;
                    "application/zip": Blob;
                    "image/png": Blob;
                };
            };
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            408: components["responses"]["RequestTimeout"];
            413: components["responses"]["RequestEntityTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    caricature_of_face: {
        parameters: {
            query?: {
                /** @description the attribute that changes */
                attr?: components["schemas"]["Attribute"];
                /** @description 0 is the mean, 1 the face; 0, 0.5, 1, 1.5 and 2 if left out */
                amount?: number[] | null;
                /** @description `auto` finds the face and aligns it; `none` takes the whole picture as the aligned crop */
                align?: "auto" | "none";
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["CaricatureOfFaceRequest"];
                "application/msgpack": Blob;
                "multipart/form-data": components["schemas"]["CaricatureOfFaceForm"];
            };
        };
        responses: {
            /** @description All faces on one PNG; a ZIP with a PNG for each, `stimuli.csv` and `recipe.json`, or JSON, if the Accept header prefers it. All of them are marked as synthetic */
            200: {
                headers: {
                    "X-Facet-Synthetic"?: "true";
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DrawnStimuli"];
                    "application/msgpack": Blob;
                    "application/zip": Blob;
                    "image/png": Blob;
                };
            };
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            408: components["responses"]["RequestTimeout"];
            413: components["responses"]["RequestEntityTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    classification_image: {
        parameters: {
            query?: {
                /** @description how far to move, for each face that is drawn */
                degrees?: number[] | null;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ClassificationImageRequest"];
                "application/msgpack": Blob;
                "multipart/form-data": components["schemas"]["ClassificationImageForm"];
            };
        };
        responses: {
            /** @description All faces on one PNG; a ZIP with a PNG for each, `stimuli.csv` and `recipe.json`, or JSON, if the Accept header prefers it. All of them are marked as synthetic */
            200: {
                headers: {
                    "X-Facet-Synthetic"?: "true";
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DrawnStimuli"];
                    "application/msgpack": Blob;
                    "application/zip": Blob;
                    "image/png": Blob;
                };
            };
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            408: components["responses"]["RequestTimeout"];
            413: components["responses"]["RequestEntityTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    continuum_of_faces: {
        parameters: {
            query?: {
                /** @description only these attributes; all if left out */
                attr?: components["schemas"]["Attribute"][] | null;
                /** @description frames, with both ends */
                steps?: number;
                /** @description where the steps are equal: as the encoder reads the drawings, or in what is drawn */
                even?: "drawn" | "embedding";
                /** @description `auto` finds the face and aligns it; `none` takes the whole picture as the aligned crop */
                align?: "auto" | "none";
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ContinuumOfFacesRequest"];
                "application/msgpack": Blob;
                "multipart/form-data": components["schemas"]["ContinuumOfFacesForm"];
            };
        };
        responses: {
            /** @description All faces on one PNG; a ZIP with a PNG for each, `stimuli.csv` and `recipe.json`, or JSON, if the Accept header prefers it. All of them are marked as synthetic */
            200: {
                headers: {
                    "X-Facet-Synthetic"?: "true";
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DrawnStimuli"];
                    "application/msgpack": Blob;
                    "application/zip": Blob;
                    "image/png": Blob;
                };
            };
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            408: components["responses"]["RequestTimeout"];
            413: components["responses"]["RequestEntityTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    direction_of_ratings: {
        parameters: {
            query?: {
                /** @description the attribute that changes */
                attr?: components["schemas"]["Attribute"];
                /** @description how far to move, for each face that is drawn */
                degrees?: number[] | null;
                /** @description `auto` finds the face and aligns it; `none` takes the whole picture as the aligned crop */
                align?: "auto" | "none";
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["DirectionOfRatingsRequest"];
                "application/msgpack": Blob;
                "multipart/form-data": components["schemas"]["DirectionOfRatingsForm"];
            };
        };
        responses: {
            /** @description All faces on one PNG; a ZIP with a PNG for each, `stimuli.csv` and `recipe.json`, or JSON, if the Accept header prefers it. All of them are marked as synthetic */
            200: {
                headers: {
                    "X-Facet-Synthetic"?: "true";
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DrawnStimuli"];
                    "application/msgpack": Blob;
                    "application/zip": Blob;
                    "image/png": Blob;
                };
            };
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            408: components["responses"]["RequestTimeout"];
            413: components["responses"]["RequestEntityTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    factorial_set: {
        parameters: {
            query?: {
                /** @description how many people are made up; 8 without `faces` */
                people?: number | null;
                /** @description presets of the model; neutral and happiness if left out */
                expression?: string[] | null;
                /** @description degrees of yaw; -20, 0 and 20 if left out */
                turn?: number[] | null;
                /** @description what all have of the first person */
                share?: components["schemas"]["Attribute"][] | null;
                /** @description the same seed draws the same faces */
                seed?: number;
                /** @description `auto` finds the face and aligns it; `none` takes the whole picture as the aligned crop */
                align?: "auto" | "none";
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["FactorialSetRequest"];
                "application/msgpack": Blob;
                "multipart/form-data": components["schemas"]["FactorialSetForm"];
            };
        };
        responses: {
            /** @description All faces on one PNG; a ZIP with a PNG for each, `stimuli.csv` and `recipe.json`, or JSON, if the Accept header prefers it. All of them are marked as synthetic */
            200: {
                headers: {
                    "X-Facet-Synthetic"?: "true";
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DrawnStimuli"];
                    "application/msgpack": Blob;
                    "application/zip": Blob;
                    "image/png": Blob;
                };
            };
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            408: components["responses"]["RequestTimeout"];
            413: components["responses"]["RequestEntityTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    noise_pairs: {
        parameters: {
            query?: {
                /** @description the attribute that changes */
                attr?: components["schemas"]["Attribute"];
                /** @description that the experiment has */
                pairs?: number;
                /** @description number of the first pair that is drawn */
                first?: number;
                /** @description number of the last; as many as one answer holds if left out */
                last?: number | null;
                /** @description how far each face of a pair lies from the face */
                degrees?: number;
                /** @description the same seed draws the same faces */
                seed?: number;
                /** @description `auto` finds the face and aligns it; `none` takes the whole picture as the aligned crop */
                align?: "auto" | "none";
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NoisePairsRequest"];
                "application/msgpack": Blob;
                "multipart/form-data": components["schemas"]["NoisePairsForm"];
            };
        };
        responses: {
            /** @description All faces on one PNG; a ZIP with a PNG for each, `stimuli.csv` and `recipe.json`, or JSON, if the Accept header prefers it. All of them are marked as synthetic */
            200: {
                headers: {
                    "X-Facet-Synthetic"?: "true";
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DrawnStimuli"];
                    "application/msgpack": Blob;
                    "application/zip": Blob;
                    "image/png": Blob;
                };
            };
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            408: components["responses"]["RequestTimeout"];
            413: components["responses"]["RequestEntityTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    delete_subject: {
        parameters: {
            query?: {
                /** @description look only in this collection */
                collection?: string | null;
            };
            header?: never;
            path: {
                /** @description who shall be forgotten */
                subject: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The receipt, where the Accept header asks for `application/json` */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Deleted"];
                    "application/msgpack": Blob;
                };
            };
            /** @description Successful Response */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            503: components["responses"]["ServiceUnavailable"];
            507: components["responses"]["InsufficientStorage"];
        };
    };
    verify: {
        parameters: {
            query?: {
                /** @description `auto` finds the face and aligns it; `none` takes the whole picture as the aligned crop */
                align?: "auto" | "none";
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/msgpack": Blob;
                "multipart/form-data": components["schemas"]["VerifyForm"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Verified"];
                    "application/msgpack": Blob;
                };
            };
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            408: components["responses"]["RequestTimeout"];
            413: components["responses"]["RequestEntityTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
}
